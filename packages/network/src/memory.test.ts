import { describeTransport } from './compliance.ts'
import { MemoryWires } from './memory.ts'
import { PeerTransport } from './peer-transport.ts'
import { TestClock } from './test-kit.ts'

const wires = new MemoryWires()

describeTransport('in memory', {
  async transport(key, place, options) {
    const name = typeof place === 'string' ? place.replace('/memory/', '') : `node-${place}`
    return new PeerTransport(await wires.create(key, name, options.clock), options)
  },
  wire: (key, place) => wires.create(key, `raw-${place}`, new TestClock()),
  deadAddress: '/memory/nobody',
})
