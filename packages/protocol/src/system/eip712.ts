// Typed data that wallets sign for a system contract (EIP-712).
import { type Address, bigIntToBytes, concatBytes, type Hash, type Hex, keccak256, utf8ToBytes } from '@tan/primitives'

export interface TypedDomain {
  readonly name: string
  readonly version: string
  readonly contract: Address
}

const DOMAIN_TYPE = typeHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
/** for so many pairs of domain and chain the separator is kept */
const SEPARATORS_MAX = 64
const separators = new Map<string, Uint8Array>()

export function typeHash(type: string): Uint8Array {
  return keccak256(utf8ToBytes(type))
}

/** 32 bytes. */
export function domainSeparator({ name, version, contract }: TypedDomain, chainId: number): Uint8Array {
  const key = `${contract}/${name}/${version}/${chainId}`
  let separator = separators.get(key)
  if (separator === undefined) {
    separator = keccak256(
      concatBytes(
        DOMAIN_TYPE,
        keccak256(utf8ToBytes(name)),
        keccak256(utf8ToBytes(version)),
        word(BigInt(chainId)),
        word(contract),
      ),
    )
    if (separators.size < SEPARATORS_MAX) separators.set(key, separator)
  }
  return separator
}

/** What is signed: 32 bytes. The fields are those of one word each, as numbers or as Hex. */
export function typedDigest(
  domain: TypedDomain,
  chainId: number,
  type: Uint8Array,
  fields: readonly (bigint | Hash | Address)[],
): Uint8Array {
  const structHash = keccak256(concatBytes(type, ...fields.map(word)))
  return keccak256(concatBytes(Uint8Array.of(0x19, 0x01), domainSeparator(domain, chainId), structHash))
}

function word(value: bigint | Hex): Uint8Array {
  return bigIntToBytes(BigInt(value), 32)
}
