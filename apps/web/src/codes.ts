// With which codes the web app fails; a page shows the message. docs/errors.md lists them.
import type { ErrorTable } from '@tan/primitives'

export const ERRORS = {
  'rpc/timeout': 'The node did not answer in time. Check the connection, or choose another node under Settings.',
  'rpc/lost': 'The connection to the node broke. The page connects again by itself.',
  'rpc/closed': 'The page left this node for another one.',
  'rpc/busy': 'The page waits for as many answers as it may. Wait for the node.',
  'rpc/shape': 'The node’s answer has the wrong shape. Check that the address is a TAN node’s.',
  'settings/url': 'The address does not start with one of the protocols that the message names.',
  'status/unreachable': 'The edge, origin or tracker does not answer. Check its address under Settings.',
  'status/refused': 'The edge, origin or tracker refused to show its state.',
  'status/size': 'The answer is larger than the page reads.',
  'status/json': 'The answer is not JSON. Check the address under Settings.',
  'finality/empty': 'A finality certificate justifies nothing, so it finalizes nothing.',
  'finality/other': 'A finality certificate is for another block than the one shown.',
  'wallet/no-account': 'The wallet gave no account. Unlock it and allow one.',
  'wallet/not-devnet': 'Keys are kept in the page on a devnet alone. Connect a wallet instead.',
  'wallet/address': 'The text is not an address, or its checksum is wrong.',
  'wallet/amount': 'The amount is not a number, is 0, or is more than there is.',
  'faucet/unreachable': 'The faucet does not answer. Check its address under Settings.',
  'faucet/refused': 'The faucet refused. The message has its reason.',
  'pool/funds': 'The session has too little TANGam to open a pool. Send it some.',
  'player/unsupported': 'This browser cannot play video this way. Use one with Media Source Extensions.',
} as const satisfies ErrorTable
