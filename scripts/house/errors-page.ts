// The text of docs/errors.md, from the tables of all rooms.
import type { Fault } from '@tan/primitives'
import type { Codes } from './codes.ts'

const INTRO = `# Error codes

Whatever TAN refuses or fails at has a code, \`area/what\`. A code keeps its meaning between versions; the message beside it says
what was wrong this time, with the value, and what to do. You find codes in the log, in metrics (the label \`code\`), in the answers of
nodes, edges, origins and trackers, and in brackets behind what the \`tan\` command says.

There are two kinds. A **rejection** is an answer to something that came from outside, and says three things besides:

- **To blame**: the *sender*, since no honest peer sends it or passes it on; the *author* who signed it, since those who passed it on
  could not know; or *nobody*, since it happens among honest peers.
- **For good**: the very same bytes can never be accepted, here or elsewhere. Where it says *no*, they may be later, or elsewhere.
- **Sent again by**: who may send the same again without being held to account for it.

An **error** is an operation that failed: a file, a port, an option, bytes that do not decode.

\`npm run errors\` makes this page from the \`codes.ts\` of each room; do not edit it.
`

export function printErrors(tables: ReadonlyMap<string, Codes>): string {
  const rooms = [...tables].filter(([, { rejections, errors }]) => size(rejections) + size(errors) > 0)
  const contents = rooms.map(([room]) => `[${nameOf(room)}](#${nameOf(room)})`).join(', ')
  return `${INTRO}\nRooms: ${contents}.\n\n${rooms.map(([room, codes]) => printRoom(room, codes)).join('\n')}`
}

function printRoom(room: string, { rejections, errors }: Codes): string {
  const parts = [`## ${nameOf(room)}\n`]
  if (size(rejections) > 0)
    parts.push(
      '| rejection | to blame | for good | sent again by | meaning |\n| --- | --- | --- | --- | --- |\n',
      ...Object.entries(rejections).map(
        ([code, [fault, meaning]]) => `| \`${code}\` | ${printFault(fault)} | ${cell(meaning)} |\n`,
      ),
    )
  if (size(rejections) > 0 && size(errors) > 0) parts.push('\n')
  if (size(errors) > 0)
    parts.push(
      '| error | meaning |\n| --- | --- |\n',
      ...Object.entries(errors).map(([code, meaning]) => `| \`${code}\` | ${cell(meaning)} |\n`),
    )
  return parts.join('')
}

function printFault({ blame, isFinal, mayRepeat }: Fault): string {
  return `${blame} | ${isFinal ? 'yes' : 'no'} | ${mayRepeat}`
}

function nameOf(room: string): string {
  return room.replace(/^(?:packages|apps)\//, '')
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function size(table: object): number {
  return Object.keys(table).length
}
