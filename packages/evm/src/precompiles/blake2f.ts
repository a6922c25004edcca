// 0x09: the compression function F of BLAKE2b with a number of rounds (EIP-152); the engine has it, since a round costs 1 gas.
import type { Precompile } from './precompile.ts'

const INPUT_SIZE = 213

export const blake2f: Precompile = {
  gas: input => (input.length === INPUT_SIZE ? roundsOf(input) : 0),
  run(input, engine) {
    if (input.length !== INPUT_SIZE || input[212]! > 1) return undefined
    const { memory, at, run } = engine
    const rounds = roundsOf(input)
    memory.bytes.copyWithin(at.SCRATCH, input.byteOffset + 4, input.byteOffset + INPUT_SIZE)
    run.blake2f(at.SCRATCH, rounds)
    return memory.copyOut(at.SCRATCH, 64)
  },
}

function roundsOf(input: Uint8Array): number {
  return new DataView(input.buffer, input.byteOffset).getUint32(0)
}
