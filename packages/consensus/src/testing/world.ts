// For this room's tests: a few replicas whose messages, timers and ledgers go on in random order, on disks that remember every
// state in which a crash could have left them. Time stands still: a timer may fire whenever it is armed.
import { type Hash, type Random, randomBelow } from '@tan/primitives'
import { type FinalityCertificate, finalizedPoint, hashBlock, type Proposal } from '@tan/protocol'
import { decodeFinalityRecord, encodeFinalityRecord } from '../finality/record.ts'
import type { Checkpoint } from '../finality/types.ts'
import { Replica, type ReplicaInput, type RestoredReplica } from '../replica.ts'
import { type DurableWrite, type OutwardEffect, Runner } from '../runner.ts'
import { decodeSafetyRecord, encodeSafetyRecord } from '../settlement/safety.ts'
import { buildBlock, GENESIS, START_MS, type TestBlock, TestCommittee } from './chain.ts'
import { selfOf } from './members.ts'
import { FINALITY_TIMING, TestPool } from './pool.ts'
import type { Message } from './signed.ts'

const INTERVAL = 2
const MEMBERS = 4
const ERA = GENESIS.hash

const committee = new TestCommittee(Array.from({ length: MEMBERS }, () => 1))
const pool = new TestPool(Array.from({ length: MEMBERS }, () => 1))

/** All that survives a crash, as bytes where it is bytes. */
export interface DiskState {
  readonly safety: Uint8Array | undefined
  readonly finality: Uint8Array | undefined
  readonly proposals: readonly Proposal[]
  /** settled, from height 1 */
  readonly chain: readonly Proposal[]
  readonly certificate: FinalityCertificate | undefined
}

const EMPTY: DiskState = { safety: undefined, finality: undefined, proposals: [], chain: [], certificate: undefined }

export interface NodePorts {
  send(message: Message, to: number | undefined): void
  /** each durable state, before anything that depends on it is sent */
  onDurable(state: DiskState): void
}

/** One life of a replica. */
export class TestNode {
  readonly replica: Replica
  readonly index: number
  private readonly runner: Runner
  private readonly ports: NodePorts
  /** tells what it builds from what an earlier life built */
  private readonly life: string
  private disk: DiskState
  private readonly headers = new Map<Hash, Pick<TestBlock, 'hash' | 'header'>>([[GENESIS.hash, GENESIS]])
  private readonly timers = new Map<string, ReplicaInput>()
  private readonly ledger: (() => ReplicaInput)[] = []

  constructor(index: number, life: string, disk: DiskState, ports: NodePorts) {
    this.index = index
    this.life = life
    this.ports = ports
    this.disk = disk
    const self = selfOf(committee.members, index)
    const finality = { ...pool.config(self), ...FINALITY_TIMING, checkpointInterval: INTERVAL }
    this.replica = new Replica({ settlement: committee.config(self), finality }, restore(disk))
    for (const { block } of disk.chain)
      this.headers.set(hashBlock(block), { hash: hashBlock(block), header: block.header })
    this.runner = new Runner(this.replica, {
      nowMs: () => START_MS,
      persist: (write, done) => {
        this.write(write)
        done()
      },
      perform: effect => this.perform(effect),
    })
    this.runner.start()
  }

  receive(sent: Message): void {
    if (sent.type === 'finality') this.runner.deliver({ type: 'finality-message', message: sent.message, era: ERA })
    else this.runner.deliver({ type: 'settlement-message', message: sent.message, from: undefined, era: ERA })
  }

  /** The oldest answer that its ledger owes. False where there is none. */
  answer(): boolean {
    const input = this.ledger.shift()
    if (input !== undefined) this.runner.deliver(input())
    return input !== undefined
  }

  fire(name: string): void {
    const input = this.timers.get(name)
    this.timers.delete(name)
    if (input !== undefined) this.runner.deliver(input)
  }

  private write({ safety, finality, proposals = [] }: DurableWrite): void {
    this.disk = {
      ...this.disk,
      ...(safety && { safety: encodeSafetyRecord(safety) }),
      ...(finality && { finality: encodeFinalityRecord(finality) }),
      proposals: [...this.disk.proposals, ...proposals.map(({ proposal }) => proposal)],
    }
    this.ports.onDurable(this.disk)
  }

  private perform(effect: OutwardEffect): void {
    switch (effect.type) {
      case 'broadcast-settlement':
        return this.ports.send({ type: 'settlement', message: effect.message }, undefined)
      case 'send-settlement':
        return this.ports.send({ type: 'settlement', message: effect.message }, effect.to)
      case 'broadcast-finality':
        return this.ports.send({ type: 'finality', message: effect.message }, undefined)
      case 'settlement-timer':
        this.timers.set(effect.timer, { type: effect.type, timer: effect.timer, epoch: effect.epoch, era: effect.era })
        return
      case 'finality-timer':
        this.timers.set(effect.timer === 'resend' ? 'finality-resend' : effect.timer, {
          type: effect.type,
          timer: effect.timer,
          era: effect.era,
        })
        return
      case 'execute': {
        const { blockHash, block, era } = effect
        this.headers.set(blockHash, { hash: blockHash, header: block.header })
        this.ledger.push(() => ({ type: 'executed', blockHash, rejection: undefined, era }))
        return
      }
      case 'build': {
        const { parentHash, record, era } = effect
        const { address } = committee.members.set.signers[this.index]!
        const block = buildBlock(this.headers.get(parentHash)!, record, address, this.life)
        const blockHash = hashBlock(block)
        this.headers.set(blockHash, { hash: blockHash, header: block.header })
        this.ledger.push(() => ({ type: 'built', epoch: record.epoch, block, blockHash, era }))
        return
      }
      case 'settled': {
        const chain = [...this.disk.chain, ...effect.blocks.map(({ proposal }) => proposal)]
        const proposals = this.disk.proposals.filter(({ block }) => block.header.height > chain.length)
        this.disk = { ...this.disk, chain, proposals }
        return
      }
      case 'finalized':
        this.disk = { ...this.disk, certificate: effect.certificate }
    }
  }
}

function restore({ safety, finality, proposals, chain, certificate }: DiskState): RestoredReplica {
  const tip = chain.at(-1)?.block
  const checkpoints: Checkpoint[] = [{ height: 0, hash: GENESIS.hash, parentHash: GENESIS.hash }]
  for (let height = INTERVAL; height <= chain.length; height += INTERVAL)
    checkpoints.push({ height, hash: hashBlock(chain[height - 1]!.block), parentHash: checkpoints.at(-1)!.hash })
  const carrying = chain.findLast(({ block }) => block.record.finality !== undefined)
  const carried = carrying && finalizedPoint(carrying.block.record.finality!)
  const heightOf = (hash: Hash | undefined) => checkpoints.find(checkpoint => checkpoint.hash === hash)?.height ?? 0
  const finalHeight = Math.max(heightOf(carried?.hash), heightOf(certificate && finalizedPoint(certificate).hash))
  return {
    settlement: {
      settled:
        tip === undefined
          ? { hash: GENESIS.hash, height: 0, epoch: 0 }
          : { hash: hashBlock(tip), height: tip.header.height, epoch: tip.record.epoch },
      safety: safety && decodeSafetyRecord(safety),
      proposals: [...proposals].sort((a, b) => a.block.header.height - b.block.header.height),
    },
    finality: {
      record: finality && decodeFinalityRecord(finality),
      certificate,
      carried,
      checkpoints: checkpoints.filter(({ height }) => height > finalHeight),
    },
    settledCheckpoints: checkpoints.filter(({ height }) => height >= heightOf(carried?.hash)),
  }
}

export const leaderOf = (epoch: number): number => committee.leaderOf(epoch)
export const MEMBER_COUNT = MEMBERS

/** What one node wrote and sent, in order. */
export type Event =
  | { readonly type: 'durable'; readonly state: DiskState }
  | { readonly type: 'sent'; readonly message: Message }

export interface RunResult {
  /** by node */
  readonly histories: readonly (readonly Event[])[]
  /** all that was ever sent */
  readonly messages: readonly Message[]
  readonly finalizedHeight: number
}

/** So many random steps of all nodes. In every other run guardians hardly hear each other, so that ballots open. */
export function runWorld(random: Random, steps: number): RunResult {
  const histories: Event[][] = Array.from({ length: MEMBERS }, () => [])
  const messages: Message[] = []
  const inFlight: { readonly to: number; readonly message: Message }[] = []
  const nodes = histories.map((history, index) => {
    return new TestNode(index, 'first life', EMPTY, {
      send(message, to) {
        history.push({ type: 'sent', message })
        messages.push(message)
        for (let other = 0; other < MEMBERS; other++)
          if (other !== index && (to ?? other) === other) inFlight.push({ to: other, message })
      },
      onDurable: state => history.push({ type: 'durable', state }),
    })
  })
  const finalityLossPercent = randomBelow(random, 2) === 0 ? 5 : 60
  for (let step = 0; step < steps; step++) {
    const node = nodes[randomBelow(random, MEMBERS)]!
    const roll = randomBelow(random, 100)
    if (roll < 30 && node.answer()) continue
    if (roll < 40) {
      node.fire(roll < 36 ? 'propose' : 'lead')
      continue
    }
    if (roll < 44) {
      node.fire(['epoch', 'ballot', 'resend', 'finality-resend'][roll - 40]!)
      continue
    }
    // old messages first, but not strictly; some are lost
    const [next] = inFlight.splice(randomBelow(random, Math.min(inFlight.length, 8)), 1)
    const isLost = next?.message.type === 'finality' ? randomBelow(random, 100) < finalityLossPercent : roll >= 97
    if (next !== undefined && !isLost) nodes[next.to]!.receive(next.message)
  }
  const finalizedHeight = Math.max(...nodes.map(({ replica }) => replica.finalityProgress().finalizedHeight))
  return { histories, messages, finalizedHeight }
}

/** A second life from a disk, into which every message of the run comes again in random order. Returns what it sends. */
export function relive(
  random: Random,
  index: number,
  life: string,
  disk: DiskState,
  messages: readonly Message[],
): Message[] {
  const sent: Message[] = []
  const node = new TestNode(index, life, disk, { send: message => sent.push(message), onDurable: () => {} })
  const timers = ['propose', 'lead', 'epoch', 'ballot', 'resend', 'finality-resend', 'vote']
  for (const message of messages) {
    node.receive(message)
    if (randomBelow(random, 8) > 0) while (node.answer());
    if (randomBelow(random, 8) === 0) node.fire(timers[randomBelow(random, timers.length)]!)
  }
  while (node.answer());
  return sent
}
