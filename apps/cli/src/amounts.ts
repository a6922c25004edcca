// Amounts on the command line: `12.5` is tokens, `100wei` is wei.
import { type Address, CodedError, formatAmount, type Hash, isHex, parseAmount } from '@tan/primitives'

export function readAmount(text: string): bigint {
  const wei = /^(\d{1,60})wei$/.exec(text)
  return wei === null ? parseAmount(text) : BigInt(wei[1]!)
}

export function tangam(wei: bigint): string {
  return `${formatAmount(wei)} TANGam`
}

export function tan(wei: bigint): string {
  return `${formatAmount(wei)} TAN`
}

export function readAccount(text: string): Address {
  if (!isHex(text, 20)) throw new CodedError('cli/address', `not an address (0x and 40 hexadecimal digits): ${text}`)
  return text.toLowerCase() as Address
}

export function readHash32(text: string, what: string): Hash {
  if (!isHex(text, 32)) throw new CodedError('cli/hash', `not a ${what} (0x and 64 hexadecimal digits): ${text}`)
  return text.toLowerCase() as Hash
}
