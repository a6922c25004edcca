// Checks the rules of the house (ARCHITECTURE.md): who imports whom, what browsers load, where the real world is touched,
// helpers of tests, circles of imports, rules of `spec/` and their citations, codes and their declarations. What each room
// may do is in house/rooms.ts, each check in a file beside it. Prints each breach; exit code 1 if there is any.
import { fileURLToPath } from 'node:url'
import { checkCircles } from './house/circles.ts'
import { checkCodes, readCodes } from './house/codes.ts'
import { checkBrowsers, checkHelpers, checkImports, checkUnusedRooms } from './house/imports.ts'
import { ARE_RULES_HELD, CODES_EXEMPT } from './house/rooms.ts'
import { checkCitations, findCitations, readRules } from './house/rules.ts'
import { readSources } from './house/sources.ts'
import { checkWorld } from './house/world.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const isTold = process.argv.includes('--all')

const sources = readSources(root)
const citations = findCitations(sources, readRules(root))
const uncited = checkCitations(citations)
const codes = checkCodes(sources, await readCodes(root))

const breaches = [
  ...checkImports(sources),
  ...checkUnusedRooms(sources),
  ...checkHelpers(sources),
  ...checkBrowsers(sources),
  ...checkWorld(sources),
  ...checkCircles(sources),
  ...codes.breaches,
  ...(ARE_RULES_HELD ? [...citations.breaches, ...uncited] : []),
]
const told = [...codes.told, ...(ARE_RULES_HELD ? [] : [...citations.breaches, ...uncited])]

for (const line of breaches) console.error(`house: ${line}`)
if (isTold) for (const line of told) console.log(`house (told): ${line}`)

const { rules, inCode, inTests } = citations
console.log(`house: ${rules.size} rules in spec/, ${inCode.size} cited in code, ${inTests.size} in tests`)
if (CODES_EXEMPT.length > 0) console.log(`house: the codes of ${CODES_EXEMPT.join(', ')} are not held yet`)
if (told.length > 0 && !isTold) console.log(`house: ${told.length} things are told by \`npm run house -- --all\``)
if (breaches.length > 0) process.exitCode = 1
else console.log('house: imports, browsers, the world, helpers of tests, circles and codes are in order')
