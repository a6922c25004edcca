// 0x05: base^exponent mod modulus, of any size (EIP-198), at the price of EIP-2565 and from Osaka on EIP-7883, then with
// operands of 1,024 bytes at most (EIP-7823).
import { bytesToBigInt, EMPTY_BYTES } from '@tan/primitives'
import { isFrom } from '../forks.ts'
import { MODEXP_MAX_BYTES } from '../limits.ts'
import { padded, wordAt } from './input.ts'
import type { Precompile } from './precompile.ts'

const HEAD = 96

export const modexp: Precompile = {
  gas(input, fork) {
    const base = wordAt(input, 0)
    const exponent = wordAt(input, 32)
    const modulus = wordAt(input, 64)
    const isOsaka = isFrom(fork, 'osaka')
    if (isOsaka && [base, exponent, modulus].some(size => size > BigInt(MODEXP_MAX_BYTES)))
      return Number.POSITIVE_INFINITY
    const steps = iterations(input, base, exponent, isOsaka ? 16n : 8n)
    const words = ((base > modulus ? base : modulus) + 7n) / 8n
    const gas = isOsaka ? (words <= 4n ? 16n : 2n * words * words) * steps : (words * words * steps) / 3n
    const least = isOsaka ? 500n : 200n
    return Number(gas > least ? gas : least)
  },
  run(input) {
    const baseSize = Number(wordAt(input, 0))
    const exponentSize = Number(wordAt(input, 32))
    const modulusSize = Number(wordAt(input, 64))
    if (modulusSize === 0) return EMPTY_BYTES
    const base = bytesToBigInt(padded(input, HEAD, baseSize))
    const exponent = padded(input, HEAD + baseSize, exponentSize)
    const modulus = bytesToBigInt(padded(input, HEAD + baseSize + exponentSize, modulusSize))
    const digits = modulus === 0n ? '' : power(base, exponent, modulus).toString(16)
    const out = new Uint8Array(modulusSize)
    for (let i = modulusSize - 1, end = digits.length; end > 0; i--, end -= 2)
      out[i] = Number.parseInt(digits.slice(Math.max(0, end - 2), end), 16)
    return out
  },
}

/** The length of the exponent in bits, less 1; of a long one, an upper bound from its first 32 bytes and its size. */
function iterations(input: Uint8Array, baseSize: bigint, size: bigint, perByte: bigint): bigint {
  const start = BigInt(HEAD) + baseSize
  const headSize = size < 32n ? Number(size) : 32
  const head = start < BigInt(input.length) ? bytesToBigInt(padded(input, Number(start), headSize)) : 0n
  const bits = head === 0n ? 0n : BigInt(head.toString(2).length - 1)
  const steps = size <= 32n ? bits : perByte * (size - 32n) + bits
  return steps > 1n ? steps : 1n
}

function power(base: bigint, exponent: Uint8Array, modulus: bigint): bigint {
  let result = 1n % modulus
  let isStarted = false
  const reduced = base % modulus
  for (const byte of exponent) {
    for (let bit = 128; bit > 0; bit >>= 1) {
      if (isStarted) result = (result * result) % modulus
      if (byte & bit) {
        result = (result * reduced) % modulus
        isStarted = true
      }
    }
  }
  return result
}
