import { PeerTransport } from '../../peer/peer-transport.ts'
import { describeTransport } from '../../testing/compliance.ts'
import { TestClock } from '../../testing/kit.ts'
import { MemoryWires } from './memory.ts'

const wires = new MemoryWires()

describeTransport('in memory', {
  async transport(key, place, options) {
    const name = typeof place === 'string' ? place.replace('/memory/', '') : `node-${place}`
    return new PeerTransport(await wires.create(key, name, options.clock), options)
  },
  wire: (key, place) => wires.create(key, `raw-${place}`, new TestClock()),
  deadAddress: '/memory/nobody',
})
