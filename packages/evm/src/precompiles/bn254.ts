// 0x06 to 0x08: the curve bn254 (EIP-196, 197, at the prices of EIP-1108).
import { bn254, type G1, type G2 } from './curves.ts'
import { padded } from './input.ts'
import type { Precompile } from './precompile.ts'

const G1_SIZE = 64
const PAIR_SIZE = 192

export const bn254Add: Precompile = {
  gas: () => 150,
  run(input) {
    const data = padded(input, 0, 2 * G1_SIZE)
    const a = bn254.readG1(data, 0)
    const b = bn254.readG1(data, G1_SIZE)
    return a === undefined || b === undefined ? undefined : bn254.writeG1(bn254.mcl.add(a, b))
  },
}

export const bn254Multiply: Precompile = {
  gas: () => 6000,
  run(input) {
    const data = padded(input, 0, G1_SIZE + 32)
    const point = bn254.readG1(data, 0)
    return point && bn254.writeG1(bn254.mcl.mul(point, bn254.readScalar(data, G1_SIZE)))
  },
}

export const bn254Pairing: Precompile = {
  gas: input => 45_000 + 34_000 * Math.floor(input.length / PAIR_SIZE),
  run(input) {
    if (input.length % PAIR_SIZE !== 0) return undefined
    const pairs: [G1, G2][] = []
    for (let at = 0; at < input.length; at += PAIR_SIZE) {
      const p = bn254.readG1(input, at)
      const q = bn254.readG2(input, at + G1_SIZE)
      if (p === undefined || q === undefined || !q.isValidOrder()) return undefined
      pairs.push([p, q])
    }
    return bn254.pairingIsOne(pairs)
  },
}
