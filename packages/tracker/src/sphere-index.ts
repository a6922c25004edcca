// Nearest points on the sphere, exact, for millions of points that come, move and go. Cells of a cubic grid hold up to 32
// points each and split in eight where more come: audiences crowd in cities, and an even grid would have most of its
// points in few cells. All trees share the same typed arrays, so that a tree of three points costs one cell, and a tree
// of a million is no other code.
//
// A node is a cell: a leaf with a chain of buckets (only the first of them may be part full), or eight children in a row.
// Where a cell is down to one lattice point its chain is as long as it needs to be.
import { assert } from '@tan/primitives'
import { LATTICE_BITS, type SpherePoint } from './sphere-point.ts'

const BUCKET_BITS = 5
const BUCKET_SLOTS = 1 << BUCKET_BITS
const ROOT_SIDE = 1 << LATTICE_BITS
/** An inner cell becomes a leaf again below half a bucket, so that a point that comes and goes does not split and join. */
const JOIN_AT_MAX = BUCKET_SLOTS / 2
const NONE = -1
const CHILD_OFFSETS_NEAR_FIRST = [0, 1, 2, 4, 3, 5, 6, 7] as const

/** The number of a tree's root. */
export type SphereTree = number

/** Room for an answer, to be used again and again: the nearest first. */
export interface NearestPoints {
  count: number
  readonly items: Int32Array
  /** as `squaredDistance` gives them */
  readonly squaredDistances: Float64Array
}

export function createNearestPoints(most: number): NearestPoints {
  return { count: 0, items: new Int32Array(most), squaredDistances: new Float64Array(most) }
}

/** Items are small whole numbers of the caller's, each in one tree at most. */
export interface SphereIndex {
  createTree(): SphereTree
  /** It must be empty. */
  removeTree(tree: SphereTree): void
  size(tree: SphereTree): number
  insert(tree: SphereTree, item: number, point: SpherePoint): void
  remove(item: number): void
  move(item: number, point: SpherePoint): void
  /** The `most` nearest items of the tree (fewer if it has fewer) into `into`, in about the logarithm of its size. */
  nearest(tree: SphereTree, point: SpherePoint, most: number, into: NearestPoints): void
  /** The item of that rank, from 0 below the size, in an order without meaning: for a fair random choice. */
  itemAt(tree: SphereTree, rank: number): number
  squaredDistanceTo(item: number, point: SpherePoint): number
  /** Cells and buckets that are in use, and the bytes of the arrays: they never shrink, but what is free is used again. */
  memory(): { readonly cells: number; readonly buckets: number; readonly sizeBytes: number }
}

export function createSphereIndex(): SphereIndex {
  return new CellTrees()
}

class CellTrees implements SphereIndex {
  // One entry a node. `firstChild` is 0 for a leaf: the row of eight at 0 is never handed out.
  #firstChild = new Int32Array(64)
  #parent = new Int32Array(64)
  #size = new Int32Array(64)
  #firstBucket = new Int32Array(64)
  #nodesEnd = 8
  #freeRows: number[] = []
  #freeRoots: number[] = []

  // One entry a bucket, and four numbers a slot: x, y, z, item.
  #nodeOfBucket = new Int32Array(16)
  #nextBucket = new Int32Array(16)
  #slots = new Int32Array(16 * BUCKET_SLOTS * 4)
  #bucketsEnd = 0
  #freeBuckets: number[] = []

  #slotOfItem = new Int32Array(64).fill(NONE)

  // The search that is under way: a heap with the farthest of the nearest on top.
  #x = 0
  #y = 0
  #z = 0
  #most = 0
  #found = 0
  #worst = 0
  #items: Int32Array = new Int32Array(0)
  #distances: Float64Array = new Float64Array(0)

  createTree(): SphereTree {
    if (this.#freeRoots.length === 0) {
      const row = this.#takeRow(NONE)
      for (let node = row + 7; node >= row; node--) this.#freeRoots.push(node)
    }
    return this.#freeRoots.pop()!
  }

  removeTree(tree: SphereTree): void {
    assert(this.#size[tree] === 0, `tree ${tree} is removed with ${this.#size[tree]} items in it`)
    this.#freeRoots.push(tree)
  }

  size(tree: SphereTree): number {
    return this.#size[tree]!
  }

  insert(tree: SphereTree, item: number, point: SpherePoint): void {
    if (item >= this.#slotOfItem.length) this.#slotOfItem = grown(this.#slotOfItem, item + 1, NONE)
    assert(this.#slotOfItem[item] === NONE, `item ${item} is in a tree already`)
    this.#descend(tree, ROOT_SIDE, item, point.x, point.y, point.z)
  }

  remove(item: number): void {
    const slot = this.#slotOfItem[item]
    assert(slot !== undefined && slot !== NONE, `item ${item} is in no tree`)
    const leaf = this.#nodeOfBucket[slot >> BUCKET_BITS]!
    this.#takeOut(leaf, slot)
    this.#slotOfItem[item] = NONE
    let joined = NONE
    for (let node = leaf; node !== NONE; node = this.#parent[node]!) {
      this.#size[node]!--
      if (this.#firstChild[node] !== 0 && this.#size[node]! <= JOIN_AT_MAX) joined = node
    }
    if (joined !== NONE) this.#join(joined)
  }

  move(item: number, point: SpherePoint): void {
    const slot = this.#slotOfItem[item]
    assert(slot !== undefined && slot !== NONE, `item ${item} is in no tree`)
    const leaf = this.#nodeOfBucket[slot >> BUCKET_BITS]!
    let root = leaf
    let depth = 0
    for (let above = this.#parent[root]!; above !== NONE; above = this.#parent[root]!) {
      root = above
      depth++
    }
    const at = slot * 4
    const slots = this.#slots
    const differing = (slots[at]! ^ point.x) | (slots[at + 1]! ^ point.y) | (slots[at + 2]! ^ point.z)
    if (differing >> (LATTICE_BITS - depth) === 0) {
      // Most moves stay within their cell.
      slots[at] = point.x
      slots[at + 1] = point.y
      slots[at + 2] = point.z
      return
    }
    this.remove(item)
    this.insert(root, item, point)
  }

  nearest(tree: SphereTree, point: SpherePoint, most: number, into: NearestPoints): void {
    assert(most > 0 && most <= into.items.length, `room for ${into.items.length} nearest points, ${most} asked for`)
    this.#x = point.x
    this.#y = point.y
    this.#z = point.z
    this.#most = most
    this.#found = 0
    this.#worst = Number.POSITIVE_INFINITY
    this.#items = into.items
    this.#distances = into.squaredDistances
    if (this.#size[tree] !== 0) this.#search(tree, 0, 0, 0, ROOT_SIDE)
    into.count = this.#found
    this.#sortFound()
  }

  itemAt(tree: SphereTree, rank: number): number {
    assert(rank >= 0 && rank < this.#size[tree]!, `rank ${rank} in a tree of ${this.#size[tree]}`)
    let node = tree
    let left = rank
    for (let row = this.#firstChild[node]!; row !== 0; row = this.#firstChild[node]!) {
      node = row
      while (left >= this.#size[node]!) left -= this.#size[node++]!
    }
    // The first bucket is the one that may be part full: ranks count from its end of the chain.
    let bucket = this.#firstBucket[node]!
    const inFirst = headCount(this.#size[node]!)
    if (left >= inFirst) {
      left -= inFirst
      bucket = this.#nextBucket[bucket]!
      for (; left >= BUCKET_SLOTS; left -= BUCKET_SLOTS) bucket = this.#nextBucket[bucket]!
    }
    return this.#slots[((bucket << BUCKET_BITS) + left) * 4 + 3]!
  }

  squaredDistanceTo(item: number, point: SpherePoint): number {
    const slot = this.#slotOfItem[item]
    assert(slot !== undefined && slot !== NONE, `item ${item} is in no tree`)
    const at = slot * 4
    return (
      (this.#slots[at]! - point.x) ** 2 + (this.#slots[at + 1]! - point.y) ** 2 + (this.#slots[at + 2]! - point.z) ** 2
    )
  }

  memory(): { cells: number; buckets: number; sizeBytes: number } {
    const arrays = [
      ...[this.#firstChild, this.#parent, this.#size, this.#firstBucket],
      ...[this.#nodeOfBucket, this.#nextBucket, this.#slots, this.#slotOfItem],
    ]
    return {
      cells: this.#nodesEnd - 8 - 8 * this.#freeRows.length - this.#freeRoots.length,
      buckets: this.#bucketsEnd - this.#freeBuckets.length,
      sizeBytes: arrays.reduce((sum, array) => sum + array.byteLength, 0),
    }
  }

  /** From a node down to the leaf that the point belongs to, splitting a full one on the way. */
  #descend(from: number, fromSide: number, item: number, x: number, y: number, z: number): void {
    let node = from
    let side = fromSide
    for (;;) {
      if (this.#firstChild[node] === 0) {
        if (this.#size[node]! < BUCKET_SLOTS || side === 1) break
        this.#split(node, side)
      }
      this.#size[node]!++
      side >>= 1
      node = this.#firstChild[node]! + octantOf(x, y, z, side)
    }
    this.#putInto(node, item, x, y, z)
    this.#size[node]!++
  }

  #split(node: number, side: number): void {
    const bucket = this.#firstBucket[node]!
    const row = this.#takeRow(node)
    this.#firstChild[node] = row
    this.#firstBucket[node] = NONE
    const from = bucket << BUCKET_BITS
    for (let slot = from; slot < from + BUCKET_SLOTS; slot++) {
      const at = slot * 4
      const x = this.#slots[at]!
      const y = this.#slots[at + 1]!
      const z = this.#slots[at + 2]!
      const child = row + octantOf(x, y, z, side >> 1)
      this.#putInto(child, this.#slots[at + 3]!, x, y, z)
      this.#size[child]!++
    }
    this.#freeBuckets.push(bucket)
  }

  /** All that is below the node into one bucket of its own. */
  #join(node: number): void {
    const row = this.#firstChild[node]!
    this.#firstChild[node] = 0
    this.#size[node] = 0
    this.#gather(row, node)
  }

  #gather(row: number, into: number): void {
    for (let child = row; child < row + 8; child++) {
      if (this.#firstChild[child] !== 0) this.#gather(this.#firstChild[child]!, into)
      else if (this.#size[child]! > 0) {
        const bucket = this.#firstBucket[child]!
        const from = bucket << BUCKET_BITS
        for (let slot = from; slot < from + this.#size[child]!; slot++) {
          const at = slot * 4
          this.#putInto(into, this.#slots[at + 3]!, this.#slots[at]!, this.#slots[at + 1]!, this.#slots[at + 2]!)
          this.#size[into]!++
        }
        this.#freeBuckets.push(bucket)
      }
    }
    this.#freeRows.push(row)
  }

  /** Into a leaf whose size still is without it. */
  #putInto(leaf: number, item: number, x: number, y: number, z: number): void {
    const inFirst = this.#size[leaf]! % BUCKET_SLOTS
    if (inFirst === 0) {
      const bucket = this.#takeBucket()
      this.#nextBucket[bucket] = this.#firstBucket[leaf]!
      this.#nodeOfBucket[bucket] = leaf
      this.#firstBucket[leaf] = bucket
    }
    const slot = (this.#firstBucket[leaf]! << BUCKET_BITS) + inFirst
    const at = slot * 4
    this.#slots[at] = x
    this.#slots[at + 1] = y
    this.#slots[at + 2] = z
    this.#slots[at + 3] = item
    this.#slotOfItem[item] = slot
  }

  /** The leaf's last point takes the slot. Its size still counts the one that goes. */
  #takeOut(leaf: number, slot: number): void {
    const bucket = this.#firstBucket[leaf]!
    const lastInFirst = headCount(this.#size[leaf]!) - 1
    const last = (bucket << BUCKET_BITS) + lastInFirst
    if (last !== slot) {
      this.#slots.copyWithin(slot * 4, last * 4, last * 4 + 4)
      this.#slotOfItem[this.#slots[slot * 4 + 3]!] = slot
    }
    if (lastInFirst === 0) {
      this.#firstBucket[leaf] = this.#nextBucket[bucket]!
      this.#freeBuckets.push(bucket)
    }
  }

  #search(node: number, cellX: number, cellY: number, cellZ: number, side: number): void {
    const row = this.#firstChild[node]!
    if (row === 0) {
      this.#searchLeaf(node, side)
      return
    }
    const half = side >> 1
    const middleX = cellX + half
    const middleY = cellY + half
    const middleZ = cellZ + half
    // Of each axis: the squared way to the half that is nearer, and to the other one.
    const lowX = this.#x < middleX
    const lowY = this.#y < middleY
    const lowZ = this.#z < middleZ
    const nearX = outside(this.#x, lowX ? cellX : middleX, half) ** 2
    const nearY = outside(this.#y, lowY ? cellY : middleY, half) ** 2
    const nearZ = outside(this.#z, lowZ ? cellZ : middleZ, half) ** 2
    const farX = outside(this.#x, lowX ? middleX : cellX, half) ** 2
    const farY = outside(this.#y, lowY ? middleY : cellY, half) ** 2
    const farZ = outside(this.#z, lowZ ? middleZ : cellZ, half) ** 2
    const near = (lowX ? 0 : 1) | (lowY ? 0 : 2) | (lowZ ? 0 : 4)
    for (let i = 0; i < 8; i++) {
      const away = CHILD_OFFSETS_NEAR_FIRST[i]!
      const octant = near ^ away
      const child = row + octant
      if (this.#size[child] === 0) continue
      const distance =
        ((away & 1) === 0 ? nearX : farX) + ((away & 2) === 0 ? nearY : farY) + ((away & 4) === 0 ? nearZ : farZ)
      if (distance < this.#worst) {
        this.#search(
          child,
          (octant & 1) === 0 ? cellX : middleX,
          (octant & 2) === 0 ? cellY : middleY,
          (octant & 4) === 0 ? cellZ : middleZ,
          half,
        )
      }
    }
  }

  #searchLeaf(leaf: number, side: number): void {
    const slots = this.#slots
    let bucket = this.#firstBucket[leaf]!
    let count = headCount(this.#size[leaf]!)
    while (bucket !== NONE) {
      const from = (bucket << BUCKET_BITS) * 4
      for (let at = from; at < from + count * 4; at += 4) {
        const awayX = slots[at]! - this.#x
        const awayY = slots[at + 1]! - this.#y
        const awayZ = slots[at + 2]! - this.#z
        const distance = awayX * awayX + awayY * awayY + awayZ * awayZ
        if (distance < this.#worst) this.#keep(slots[at + 3]!, distance)
        else if (side === 1) return // all points of this cell are the same one
      }
      bucket = this.#nextBucket[bucket]!
      count = BUCKET_SLOTS
    }
  }

  #keep(item: number, distance: number): void {
    if (this.#found < this.#most) {
      this.#siftUp(this.#found++, item, distance)
      if (this.#found === this.#most) this.#worst = this.#distances[0]!
    } else {
      this.#siftDown(this.#found, item, distance)
      this.#worst = this.#distances[0]!
    }
  }

  #siftUp(from: number, item: number, distance: number): void {
    const items = this.#items
    const distances = this.#distances
    let at = from
    while (at > 0) {
      const above = (at - 1) >> 1
      if (distances[above]! >= distance) break
      items[at] = items[above]!
      distances[at] = distances[above]!
      at = above
    }
    items[at] = item
    distances[at] = distance
  }

  /** Replaces the top of a heap of `size`. */
  #siftDown(size: number, item: number, distance: number): void {
    const items = this.#items
    const distances = this.#distances
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= size) break
      if (below + 1 < size && distances[below + 1]! > distances[below]!) below++
      if (distances[below]! <= distance) break
      items[at] = items[below]!
      distances[at] = distances[below]!
      at = below
    }
    items[at] = item
    distances[at] = distance
  }

  /** Heap to ascending order: the farthest of what is left goes to the end. */
  #sortFound(): void {
    for (let size = this.#found - 1; size > 0; size--) {
      const item = this.#items[size]!
      const distance = this.#distances[size]!
      this.#items[size] = this.#items[0]!
      this.#distances[size] = this.#distances[0]!
      this.#siftDown(size, item, distance)
    }
  }

  #takeRow(parent: number): number {
    let row = this.#freeRows.pop()
    if (row === undefined) {
      row = this.#nodesEnd
      this.#nodesEnd += 8
      if (this.#nodesEnd > this.#parent.length) {
        this.#firstChild = grown(this.#firstChild, this.#nodesEnd, 0)
        this.#parent = grown(this.#parent, this.#nodesEnd, 0)
        this.#size = grown(this.#size, this.#nodesEnd, 0)
        this.#firstBucket = grown(this.#firstBucket, this.#nodesEnd, 0)
      }
    }
    this.#firstChild.fill(0, row, row + 8)
    this.#parent.fill(parent, row, row + 8)
    this.#size.fill(0, row, row + 8)
    this.#firstBucket.fill(NONE, row, row + 8)
    return row
  }

  #takeBucket(): number {
    const free = this.#freeBuckets.pop()
    if (free !== undefined) return free
    const bucket = this.#bucketsEnd++
    if (bucket >= this.#nextBucket.length) {
      this.#nextBucket = grown(this.#nextBucket, this.#bucketsEnd, 0)
      this.#nodeOfBucket = grown(this.#nodeOfBucket, this.#bucketsEnd, 0)
      this.#slots = grown(this.#slots, this.#bucketsEnd * BUCKET_SLOTS * 4, 0)
    }
    return bucket
  }
}

/** Which of the eight children of a cell, by the bit that their side stands for. */
function octantOf(x: number, y: number, z: number, childSide: number): number {
  return ((x & childSide) === 0 ? 0 : 1) | ((y & childSide) === 0 ? 0 : 2) | ((z & childSide) === 0 ? 0 : 4)
}

/** How far a coordinate is outside a cell's range; 0 within. */
function outside(coordinate: number, from: number, side: number): number {
  return coordinate < from ? from - coordinate : coordinate >= from + side ? coordinate - (from + side - 1) : 0
}

/** Points in the first bucket of a leaf's chain. */
function headCount(size: number): number {
  return size === 0 ? 0 : ((size - 1) % BUCKET_SLOTS) + 1
}

function grown(array: Int32Array<ArrayBuffer>, least: number, fill: number): Int32Array<ArrayBuffer> {
  const size = Math.max(least, array.length * 2)
  const out = new Int32Array(size).fill(fill, array.length)
  out.set(array)
  return out
}
