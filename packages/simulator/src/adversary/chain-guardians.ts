// Byzantine guardians in a world with a chain. Its committee settles one branch; they also prepare checkpoints that nobody
// ever settled.
import { bigIntToBytes, type Hash, keccakHash } from '@tan/primitives'
import { poolOf } from '@tan/protocol'
import { Draw } from '../world/draw.ts'
import { GENESIS_HASH } from '../world/ledger.ts'
import type { World } from '../world/world.ts'
import { GuardianPuppeteer, type KnownCheckpoint } from './guardian-puppeteer.ts'

/** Checkpoints that it still thinks of, from the newest down. */
const REMEMBERED = 6

/** Lets them play from now on: a few acts in each delta. */
export function playGuardians(world: World, actsMax: number): void {
  const { config, identities, journal, network, queue, watch } = world
  const { checkpointInterval, deltaMs } = config.timing
  const draw = new Draw(world.randomFor('guardians'))

  const hashAt = (index: number): Hash | undefined =>
    index === 0 ? GENESIS_HASH : watch.agreement.settledHash(index * checkpointInterval)
  const checkpoints = (): KnownCheckpoint[] => {
    const newest = Math.floor(watch.agreement.settledHeight / checkpointInterval)
    const known: KnownCheckpoint[] = []
    for (let index = Math.max(1, newest - REMEMBERED); index <= newest; index++) {
      const parentHash = hashAt(index - 1)!
      known.push({ hash: hashAt(index)!, index, parentHash })
      known.push({ hash: keccakHash(bigIntToBytes(BigInt(index), 32)), index, parentHash })
    }
    return known
  }

  const puppeteer = new GuardianPuppeteer({
    scheme: config.scheme,
    pool: poolOf(identities.era),
    puppets: new Map([...config.byzantine].map(index => [index, identities.secretKeys[index]!])),
    honest: world.honestNodes.map(({ id }) => id),
    draw,
    journal,
    checkpoints,
    checkpoint: hash => checkpoints().find(known => known.hash === hash),
    tell(puppet, to, message) {
      const sent = { type: 'finality', era: identities.era.start.hash, message } as const
      const lateMs = network.judge(puppet, to, sent)
      if (lateMs === 'lost') return
      network.carry(puppet, to, sent, lateMs + draw.between(1, deltaMs))
    },
  })
  world.listeners.push({
    onSent(_, message) {
      if (message.type === 'finality') puppeteer.hear(message.message)
    },
  })
  const keepActing = (): void => {
    for (let acts = draw.between(0, actsMax); acts > 0; acts--) puppeteer.act()
    queue.schedule(deltaMs, keepActing)
  }
  keepActing()
}
