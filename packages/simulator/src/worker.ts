// A thread of the simulator: takes seeds until none is left, and tells of each outcome.
import { parentPort, workerData } from 'node:worker_threads'
import { runSeed, type WorkerTask } from './seeds.ts'

const { from, count, kind, next } = workerData as WorkerTask
for (;;) {
  const seed = Atomics.add(next, 0, 1)
  if (seed >= from + count) break
  parentPort!.postMessage(runSeed(seed, kind))
}
