// Collects the signatures of guardians over one statement, in disjoint groups: two entries of a group merge only when no
// signer is in both, so that nobody is ever counted twice, and nobody's multiplicity can grow.
import type { AggregateScheme } from '@tan/primitives'
import {
  type AggregateSignature,
  bitmapIndices,
  createBitmap,
  type FinalityShare,
  type FinalityStatement,
  GROUP_SIZE,
  isQuorum,
  type SignerSet,
  shareMembers,
} from '@tan/protocol'

interface Entry {
  readonly members: Uint8Array
  readonly signature: Uint8Array
}

export class Tally {
  readonly statement: FinalityStatement
  private readonly scheme: AggregateScheme
  private readonly set: SignerSet
  /** the best entry of each group */
  private readonly best = new Map<number, Entry>()
  /** signatures of one member each, which complete a best entry that lacks them */
  private readonly singles = new Map<number, Uint8Array>()

  constructor(scheme: AggregateScheme, set: SignerSet, statement: FinalityStatement) {
    this.scheme = scheme
    this.set = set
    this.statement = statement
  }

  /** Indices in the pool of a share's members; undefined where it names none, or somebody who does not exist. */
  static membersOf(set: SignerSet, share: Pick<FinalityShare, 'group' | 'members'>): number[] | undefined {
    return shareMembers(set, share)
  }

  /** Would this add a signer? */
  adds(share: Pick<FinalityShare, 'group' | 'members'>): boolean {
    const known = this.best.get(share.group)?.members
    return known === undefined || share.members.some((byte, i) => (byte & ~known[i]!) !== 0)
  }

  /** A verified share. */
  add({ group, members, signature }: FinalityShare): void {
    const entry: Entry = { members, signature }
    const indices = bitmapIndices(members)
    if (indices.length === 1) this.singles.set(group * GROUP_SIZE + indices[0]!, signature)
    this.best.set(group, this.better(group, this.best.get(group), entry))
  }

  /** The best entry of a group, to pass on. */
  shareOf(group: number): FinalityShare | undefined {
    const entry = this.best.get(group)
    return entry === undefined ? undefined : { statement: this.statement, group, ...entry }
  }

  get power(): number {
    let power = 0
    for (const [group, entry] of this.best) power += this.powerOf(group, entry)
    return power
  }

  get hasQuorum(): boolean {
    return isQuorum(this.power, this.set.totalPower)
  }

  /** All groups together: what a certificate carries. */
  aggregate(): AggregateSignature {
    const indices = [...this.best].flatMap(([group, { members }]) =>
      bitmapIndices(members).map(i => group * GROUP_SIZE + i),
    )
    return {
      signers: createBitmap(indices, this.set.signers.length),
      signature: this.scheme.aggregate([...this.best.values()].map(entry => entry.signature)),
    }
  }

  /** Of two that overlap the heavier, each with all that is known besides: a signer in both must not keep them apart. */
  private better(group: number, known: Entry | undefined, entry: Entry): Entry {
    if (known === undefined) return this.complete(group, entry)
    if (areDisjoint(known, entry)) return this.complete(group, this.merge(known, entry))
    return this.heavier(group, this.complete(group, known), this.complete(group, entry))
  }

  /** The entry with every member added whose own signature is known. */
  private complete(group: number, entry: Entry): Entry {
    let best = entry
    for (const [i, signature] of this.singles) {
      if (Math.floor(i / GROUP_SIZE) !== group) continue
      const one: Entry = { members: createBitmap([i % GROUP_SIZE], GROUP_SIZE), signature }
      if (areDisjoint(best, one)) best = this.merge(best, one)
    }
    return best
  }

  private merge(a: Entry, b: Entry): Entry {
    return {
      members: a.members.map((byte, i) => byte | b.members[i]!),
      signature: this.scheme.aggregate([a.signature, b.signature]),
    }
  }

  private heavier(group: number, a: Entry, b: Entry): Entry {
    return this.powerOf(group, b) > this.powerOf(group, a) ? b : a
  }

  private powerOf(group: number, { members }: Entry): number {
    return bitmapIndices(members).reduce((sum, i) => sum + this.set.signers[group * GROUP_SIZE + i]!.power, 0)
  }
}

function areDisjoint(a: Entry, b: Entry): boolean {
  return a.members.every((byte, i) => (byte & b.members[i]!) === 0)
}
