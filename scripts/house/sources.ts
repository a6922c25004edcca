// Source files as the checks see them: code apart from comments, what each imports, and whether it belongs to tests.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HELPERS_ELSEWHERE, ROOMS } from './rooms.ts'

export interface Import {
  /** as it stands there */
  readonly name: string
  /** nothing of it is there when the program runs */
  readonly isTypeOnly: boolean
}

export interface Source {
  /** from the root of the repository, with slashes */
  readonly path: string
  /** undefined outside of all rooms */
  readonly room: string | undefined
  /** a test, or a helper that only tests import */
  readonly isTest: boolean
  readonly imports: readonly Import[]
  /** the text without its comments */
  readonly code: string
  /** the comments, each without its marks and line ends */
  readonly comments: readonly string[]
}

const FOLDERS = '{packages,apps}/*/{src,assembly}/**/*.{ts,tsx}'
const OUTSIDE = '{test,bench,scripts}/**/*.ts'

export function readSources(root: string): Source[] {
  return globSync([FOLDERS, OUTSIDE], { cwd: root, exclude: ['**/node_modules/**'] })
    .map(path => path.replaceAll('\\', '/'))
    .sort()
    .map(path => parseSource(path, readFileSync(join(root, path), 'utf8')))
}

export function parseSource(path: string, text: string): Source {
  const { code, comments } = splitComments(text)
  const room = Object.keys(ROOMS).find(name => path.startsWith(`${name}/`))
  return { path, room, isTest: isOfTests(path), imports: importsOf(code), code, comments }
}

export function isOfTests(path: string): boolean {
  if (/\.test\.tsx?$/.test(path) || /\/src\/testing\//.test(path) || path.startsWith('test/')) return true
  return HELPERS_ELSEWHERE.some(helper => path.startsWith(helper))
}

const IMPORT =
  /\b(?:import|export)\s+(type\s)?[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]\s*\)|\bimport\s+['"]([^'"]+)['"]/g

function importsOf(code: string): Import[] {
  return [...code.matchAll(IMPORT)].map(([, type, from, called, bare]) => ({
    name: (from ?? called ?? bare)!,
    isTypeOnly: type !== undefined,
  }))
}

/** What may stand before a division; after anything else a slash begins a regular expression. */
const BEFORE_DIVISION = /[\w$)\]}]\s*$/
const KEYWORD_BEFORE_PATTERN = /\b(?:return|typeof|case|in|of|do|else|yield|await)\s*$/

/** Texts, templates and regular expressions are code, whatever they hold; a comment becomes one space. */
export function splitComments(text: string): { readonly code: string; readonly comments: readonly string[] } {
  const comments: string[] = []
  let code = ''
  let at = 0
  /** where the last line comment ended */
  let lineEnd = text.length
  // how many braces are open within each `${` that is open
  const templates: number[] = []
  const takeUntil = (end: RegExp): void => {
    end.lastIndex = at
    const found = end.exec(text)
    const next = found === null ? text.length : found.index + found[0].length
    code += text.slice(at, next)
    at = next
  }
  const takeTemplate = (): void => {
    takeUntil(/(?:[^\\`$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y)
    if (code.endsWith('${')) templates.push(0)
  }
  while (at < text.length) {
    const char = text[at]!
    const two = text.slice(at, at + 2)
    if (two === '//' || two === '/*') {
      const end = two === '//' ? text.indexOf('\n', at) : text.indexOf('*/', at) + 2
      const next = end < 2 ? text.length : end
      const comment = textOfComment(text.slice(at, next))
      // line comments below each other are one: a sentence goes on from one to the next
      if (two === '//' && /^\n[ \t]*$/.test(text.slice(lineEnd, at))) comments.push(`${comments.pop()} ${comment}`)
      else comments.push(comment)
      if (two === '//') lineEnd = next
      code += ' '
      at = next
    } else if (char === "'" || char === '"') {
      takeUntil(char === "'" ? /'(?:[^'\\\n]|\\[\s\S])*'?/y : /"(?:[^"\\\n]|\\[\s\S])*"?/y)
    } else if (char === '`') {
      code += char
      at++
      takeTemplate()
    } else if (
      char === '/' &&
      (!BEFORE_DIVISION.test(code.slice(-40)) || KEYWORD_BEFORE_PATTERN.test(code.slice(-40)))
    ) {
      takeUntil(/\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])*\/?/y)
    } else {
      code += char
      at++
      if (templates.length === 0) continue
      if (char === '{') templates[templates.length - 1]!++
      else if (char === '}' && templates.at(-1) === 0) {
        templates.pop()
        takeTemplate()
      } else if (char === '}') templates[templates.length - 1]!--
    }
  }
  return { code, comments }
}

function textOfComment(comment: string): string {
  return comment
    .replace(/^\/\*+|\*+\/$|^\/\/+/g, '')
    .replace(/\n\s*\*? ?/g, ' ')
    .trim()
}
