import { describeTransport } from './compliance.ts'
import { createLibp2pTransport, createLibp2pWire } from './libp2p.ts'

const ANY_PORT = '/ip4/127.0.0.1/tcp/0'

describeTransport('libp2p', {
  transport: (key, place, options) =>
    createLibp2pTransport({ ...options, key, listen: [typeof place === 'string' ? place : ANY_PORT] }),
  wire: key => createLibp2pWire({ key, listen: [] }),
  // the discard port, which nobody serves
  deadAddress: '/ip4/127.0.0.1/tcp/9',
})
