// The rules of `spec/` and who cites them. A rule is what stands there in bold under a name, as **S-VOTE**; a citation is
// `spec S-VOTE` in a comment, or `spec S-VOTE, S-ENTER and S-TIMER` for several.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Source } from './sources.ts'

const NAME = '[A-Z]-[A-Z]+(?:-[A-Z]+)*'
const RULE = new RegExp(`\\*\\*(${NAME})\\*\\*`, 'g')
const CITATION = new RegExp(`\\bspec (${NAME}(?:(?:,| and|, and) ${NAME})*)`, 'g')
const BARE = new RegExp(`(?<![\\w-])(${NAME})(?![\\w-])`, 'g')

export interface Citations {
  readonly rules: ReadonlySet<string>
  readonly inCode: ReadonlySet<string>
  readonly inTests: ReadonlySet<string>
  /** citations of what is no rule, and rules that are named in another form */
  readonly breaches: readonly string[]
}

export function readRules(root: string): Set<string> {
  const rules = new Set<string>()
  for (const path of globSync('spec/*.md', { cwd: root }))
    for (const rule of rulesOf(readFileSync(join(root, path), 'utf8'))) rules.add(rule)
  return rules
}

export function rulesOf(page: string): string[] {
  return [...page.matchAll(RULE)].map(([, name]) => name!)
}

export function findCitations(sources: readonly Source[], rules: ReadonlySet<string>): Citations {
  const inCode = new Set<string>()
  const inTests = new Set<string>()
  const breaches: string[] = []
  for (const { path, isTest, comments, room } of sources) {
    if (room === undefined && !isTest) continue
    for (const comment of comments) {
      const rest = comment.replace(CITATION, (_, names: string) => {
        for (const [name] of names.matchAll(BARE)) {
          if (!rules.has(name)) breaches.push(`${path}: cites ${name}, which is no rule of spec/`)
          else (isTest ? inTests : inCode).add(name)
        }
        return ''
      })
      for (const [name] of rest.matchAll(BARE))
        if (rules.has(name)) breaches.push(`${path}: names ${name}; cite it as \`spec ${name}\``)
    }
  }
  return { rules, inCode, inTests, breaches }
}

/** Rules that no production file carries out by name, and those that no test holds. */
export function checkCitations({ rules, inCode, inTests }: Citations): string[] {
  return [...rules].sort().flatMap(rule => {
    const missing = [...(inCode.has(rule) ? [] : ['production file']), ...(inTests.has(rule) ? [] : ['test'])]
    return missing.length === 0 ? [] : [`spec: no ${missing.join(' and no ')} cites ${rule}`]
  })
}
