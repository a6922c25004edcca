// The types that the system contracts' functions are made of: protocol's, as clients encode and decode them, too.
export * from '@tan/protocol/abi'
