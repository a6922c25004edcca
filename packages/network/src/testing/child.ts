// A node in a process of its own, for tests that kill it. Takes its options as JSON, prints its address when it listens,
// and answers every echo request.
import { createSeededRandom, fromHex } from '@tan/primitives'
import { createLibp2pTransport } from '../transports.ts'
import { ECHO, GENESIS } from './protocols.ts'

const { key, listen, bootstrap } = JSON.parse(process.argv[2]!)
const transport = await createLibp2pTransport({
  key: fromHex(key),
  listen: [listen],
  bootstrap,
  genesis: GENESIS,
  allowPrivateAddresses: true,
  clock: { nowMs: () => Date.now() },
  random: createSeededRandom(1),
})
transport.onRequest(ECHO, async (_, request) => request)
await transport.start()
process.stdout.write(`${transport.addresses[0]}\n`)
