// What the EVM's browser test loads into a page: the engine over random cases, and over Ethereum's state tests.
import { hashesOfCases } from '@tan/evm/testing'
import { runStateTests } from '../vectors/state-tests.ts'

Object.assign(globalThis, { hashesOfCases, runStateTests })
