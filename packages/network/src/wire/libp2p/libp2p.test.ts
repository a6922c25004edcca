import { type ChildProcess, spawn } from 'node:child_process'
import { createConnection, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createSeededRandom, randomBytesFrom, toHex } from '@tan/primitives'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterEach, describe, expect, test } from 'vitest'
import { describeTransport } from '../../testing/compliance.ts'
import { expectCode, type Harness, keyOf, meshed, offences, type TestNode, until, useWorld } from '../../testing/kit.ts'
import { BLOCKS, BLOCKS_ID, ECHO, GENESIS, PREFIX, VOTES, VOTES_ID } from '../../testing/protocols.ts'
import { createLibp2pTransport } from '../../transports.ts'
import { createLibp2pWire } from './libp2p.ts'

const ANY_PORT = '/ip4/127.0.0.1/tcp/0'

const harness: Harness = {
  transport: (key, place, options) =>
    createLibp2pTransport({ ...options, key, listen: [typeof place === 'string' ? place : ANY_PORT] }),
  wire: key => createLibp2pWire({ key, listen: [] }),
  // the discard port, which nobody serves
  deadAddress: '/ip4/127.0.0.1/tcp/9',
}

describeTransport('libp2p', harness)

describe('libp2p: what others may send', () => {
  const context = useWorld(harness)
  const sockets: Socket[] = []
  const foreign: Libp2p[] = []
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await Promise.all(foreign.splice(0).map(node => node.stop()))
  })

  const victim = () =>
    context.world.node({
      peersTarget: 0,
      setUp: transport => {
        transport.onMessage(VOTES, () => 'accept')
        transport.onGossip(BLOCKS, () => 'accept')
      },
    })

  /** A node that others made: libp2p as it comes, with GossipSub as it comes. */
  async function foreignNode(gossipOptions: Parameters<typeof gossipsub>[0] = {}) {
    const node = await createLibp2p({
      addresses: { listen: [ANY_PORT] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify({ protocolPrefix: PREFIX.slice(1) }),
        gossip: gossipsub({ allowPublishToZeroTopicPeers: true, ...gossipOptions }),
      },
    })
    foreign.push(node)
    return node
  }

  test('sockets that speak nonsense, or nothing, or vanish, leave the node as it was', async () => {
    const node = await victim()
    const { host, port } = endpointOf(node)
    const random = createSeededRandom(7)
    let closed = 0
    const open = (): Socket => {
      const socket = createConnection(port, host)
      sockets.push(socket)
      return socket.on('error', () => {}).on('close', () => closed++)
    }
    for (let i = 0; i < 10; i++) open().write(randomBytesFrom(random, 1 + i * 500))
    for (let i = 0; i < 5; i++) {
      const socket = open()
      socket.write('\x13/multistream/1.0.0\n\x07/noise\n')
      socket.write(randomBytesFrom(random, 2000))
    }
    for (let i = 0; i < 5; i++) open()
    open().destroy()
    await until('most are turned away', () => closed >= 8)
    expect(node.transport.peers()).toEqual([])
    const honest = await context.world.node({ peersTarget: 0 })
    expect(await honest.transport.dial(node.address())).toBe(node.id)
  })

  test('a foreign libp2p node that knows our names is held to our frames', async () => {
    const node = await victim()
    const other = await foreignNode()
    const stream = await other.dialProtocol(multiaddr(node.address()), VOTES_ID)
    stream.send(Uint8Array.of(0xff, 0xff, 0xff, 0xff))
    await until('the offence', () => offences(node, 'network/oversize') === 1)
    await until('the stream is closed', () => stream.status !== 'open')
    await expect(other.dialProtocol(multiaddr(node.address()), `${PREFIX}/unknown/1`)).rejects.toThrow()
    expect(node.transport.peers()).toHaveLength(1)
  })

  test('gossip that is signed, or no gossip at all, is not heard', async () => {
    const node = await victim()
    const other = await foreignNode()
    const gossip = other.services.gossip as ReturnType<ReturnType<typeof gossipsub>>
    const topic = BLOCKS_ID
    gossip.subscribe(topic)
    await other.dial(multiaddr(node.address()))
    await until('the topic is known', () => gossip.getSubscribers(topic).length === 1)
    for (let i = 0; i < 20; i++) await gossip.publish(topic, Uint8Array.of(i))
    const stream = await other.dialProtocol(multiaddr(node.address()), '/meshsub/1.1.0')
    stream.send(Uint8Array.from({ length: 4000 }, (_, i) => (i * 37) & 255))
    const honest = await context.world.node({ peersTarget: 0, setUp: t => t.onGossip(BLOCKS, () => 'accept') })
    await honest.transport.dial(node.address())
    await meshed([node, honest])
    expect(node.metrics.total('tan_network_handler_failures_total')).toBe(0)
  })

  test('a peer that takes no gossip is disconnected, and the others go on hearing', async () => {
    const node = await victim()
    const honest = await context.world.node({ peersTarget: 0, setUp: t => t.onGossip(BLOCKS, () => 'accept') })
    await honest.transport.dial(node.address())
    await meshed([honest, node])
    const other = await foreignNode({ globalSignaturePolicy: 'StrictNoSign' })
    const gossip = other.services.gossip as ReturnType<ReturnType<typeof gossipsub>>
    const topic = BLOCKS_ID
    gossip.subscribe(topic)
    await other.dialProtocol(multiaddr(node.address()), VOTES_ID)
    await until('the topic is known', () => gossip.getSubscribers(topic).length === 1)
    for (const { streams } of other.getConnections())
      for (const stream of streams) if (stream.direction === 'inbound') stream.pause()
    let isLost = false
    other.addEventListener('peer:disconnect', () => {
      isLost = true
    })
    for (let i = 0; !isLost; i++) {
      const block = new Uint8Array(BLOCKS.messageSizeMaxBytes)
      new DataView(block.buffer).setUint32(0, i)
      node.transport.broadcast(BLOCKS, block)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    expect(offences(node, 'network/slow-reader')).toBe(1)
    await meshed([honest, node])
    expect(honest.transport.peers()).toHaveLength(1)
  })

  test('a peer that dials again although it has a connection has lost the old one', async () => {
    const node = await victim()
    const key = keyOf('comes back')
    const open = async () => {
      const wire = await createLibp2pWire({ key, listen: [] })
      const lost: string[] = []
      await context.world.startRaw(wire, { events: { disconnected: peer => lost.push(peer) } })
      await wire.dial(node.address(), AbortSignal.timeout(10_000))
      await wire.open(node.id, VOTES_ID, AbortSignal.timeout(10_000))
      return lost
    }
    const lost = await open()
    // at first that looks like two who dialled each other at once
    while (lost.length === 0) {
      await open()
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    await until('the peer is there', () => node.transport.peers().length === 1)
    expect(node.metrics.total('tan_network_offences_total')).toBe(0)
  })

  test('what cannot be used is refused at once, with a code', async () => {
    const options = { genesis: GENESIS, clock: context.world.clock, random: createSeededRandom(1) }
    await expectCode(createLibp2pTransport({ ...options, key: new Uint8Array(5), listen: [] }), 'network/key')
    await expectCode(createLibp2pTransport({ ...options, key: keyOf('x'), listen: ['127.0.0.1:1'] }), 'network/address')
    await expectCode(
      createLibp2pTransport({ ...options, key: keyOf('x'), listen: [], bootstrap: ['nonsense'] }),
      'network/address',
    )
    const unreachable = await createLibp2pTransport({ ...options, key: keyOf('x'), listen: ['/ip4/203.0.113.7/tcp/1'] })
    const error = await expectCode(unreachable.start(), 'network/listen')
    expect(error.message).toContain('203.0.113.7')
    await unreachable.stop()
  })
})

describe('libp2p: processes', () => {
  const context = useWorld(harness)
  const children: ChildProcess[] = []
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
  })

  async function child(key: string, listen: string, bootstrap: readonly string[]) {
    const script = fileURLToPath(new URL('../../testing/child.ts', import.meta.url))
    const options = JSON.stringify({ key: toHex(keyOf(key)), listen, bootstrap })
    const started = spawn(process.execPath, [script, options], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(started)
    const output = await new Promise<string>((resolve, reject) => {
      started.stdout.once('data', data => resolve(String(data)))
      started.once('exit', code => reject(new Error(`the child ended with ${code}`)))
    })
    return { process: started, address: output.trim() }
  }

  test('a peer that is killed is missed at once, and found again when it is back on its address', async () => {
    const first = await child('killed', ANY_PORT, [])
    const node = await context.world.node({ bootstrap: [first.address] })
    const isThere = () => node.transport.peers().length === 1
    await until('connected', isThere)
    for (let round = 0; round < 2; round++) {
      children.at(-1)!.kill('SIGKILL')
      await until('it is missed', () => !isThere())
      await child('killed', first.address.replace(/\/p2p.*/, ''), [])
      await until('it is back', isThere)
      const [peer] = node.transport.peers()
      expect(await node.transport.request(peer!.id, ECHO, Uint8Array.of(round))).toEqual(Uint8Array.of(round))
    }
  })
})

function endpointOf(node: TestNode): { host: string; port: number } {
  const [, , host, , port] = node.address().split('/')
  return { host: host!, port: Number(port) }
}
