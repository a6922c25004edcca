// Mistakes to plant in the engine's sources: each must be found by the differential test (`npm run mutations -w @tan/evm`).

export interface Mutation {
  readonly name: string
  /** in assembly/ */
  readonly file: string
  readonly from: string
  readonly to: string
}

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'a cleared slot refunds too much',
    file: 'fork.ts',
    from: 'isFrom(LONDON) ? 4800 : 15000',
    to: 'isFrom(LONDON) ? 4900 : 15000',
  },
  {
    name: 'a restored slot refunds nothing',
    file: 'storage.ts',
    from: 'if (isEqual(value, original)) addRefund((wasZero ? SET_GAS : RESET_GAS) - WARM_GAS)',
    to: '',
  },
  { name: 'a refund outlives a revert', file: 'frames.ts', from: 'setRefund(load<i64>(frame, REFUND_BEFORE))', to: '' },
  {
    name: 'a block is charged again where a jump target follows',
    file: 'interpreter.ts',
    from: 'if (!IS_TRACING && load<u8>(ip) == JUMPDEST) ip++',
    to: 'if (!IS_TRACING && load<u8>(ip) == JUMPDEST && load<u8>(ip + 1) != JUMPDEST) ip++; else if (load<u8>(ip) == JUMPDEST) { ip++; gas -= 1 }',
  },
  {
    name: 'a block does not end before a jump target',
    file: 'code.ts',
    from: 'if (op == JUMPDEST && at != ip) break',
    to: '',
  },
  {
    name: 'SSTORE is allowed in a static call',
    file: 'interpreter.ts',
    from: 'if (load<u32>(frame, frames.IS_STATIC)) gas = frames.haltBecause(frames.STATIC_VIOLATION)\n            else gas =',
    to: 'gas =',
  },
  {
    name: 'logs are allowed in a static call',
    file: 'logs.ts',
    from: 'if (load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)',
    to: '',
  },
  {
    name: 'CREATE is allowed in a static call',
    file: 'creates.ts',
    from: 'if (load<u32>(frame, IS_STATIC)) return haltBecause(STATIC_VIOLATION)\n  gas = cover',
    to: 'gas = cover',
  },
  {
    name: 'a call passes all of the gas on',
    file: 'calls.ts',
    from: 'let passed = gas - (gas >> 6)',
    to: 'let passed = gas',
  },
  {
    name: 'a creation passes too little gas on',
    file: 'creates.ts',
    from: 'const passed = gas - (gas >> 6)',
    to: 'const passed = gas - (gas >> 5)',
  },
  {
    name: 'a slot stays warm after a revert',
    file: 'storage.ts',
    from: '  remember(slot + SLOT_STATE)\n  store<u32>(slot, transaction(), SLOT_WARMED)',
    to: '  store<u32>(slot, transaction(), SLOT_WARMED)',
  },
  {
    name: 'an account stays warm after a revert',
    file: 'accounts.ts',
    from: '  remember(account + STATE)\n  store<u32>(account, transaction(), WARMED)',
    to: '  store<u32>(account, transaction(), WARMED)',
  },
  {
    name: 'a slot stays written after a revert',
    file: 'storage.ts',
    from: '  remember(current)\n  copyWord(current, value)\n  return gas',
    to: '  copyWord(current, value)\n  return gas',
  },
  {
    name: 'transient storage outlives a revert',
    file: 'storage.ts',
    from: '  remember(entry + TRANSIENT_VALUE)\n',
    to: '',
  },
  {
    name: 'transient storage outlives its transaction',
    file: 'clock.ts',
    from: 'current++',
    to: 'if (current == 0) current++',
  },
  {
    name: 'logs outlive a revert',
    file: 'frames.ts',
    from: 'rollBackLogs(<usize>load<u32>(frame, LOGS_BEFORE), load<u32>(frame, LOG_COUNT_BEFORE))',
    to: '',
  },
  {
    name: 'a call with value gives no stipend',
    file: 'calls.ts',
    from: 'if (paid) passed += STIPEND',
    to: '',
  },
  {
    name: 'a call with value to an empty account costs no more',
    file: 'calls.ts',
    from: 'if (op == CALL && isEmptyAccount(target)) gas -= NEW_ACCOUNT_GAS',
    to: '',
  },
  {
    name: 'CALLCODE pays for a new account',
    file: 'calls.ts',
    from: 'if (op == CALL && isEmptyAccount(target))',
    to: 'if (isEmptyAccount(target))',
  },
  {
    name: 'memory is cheaper than it is',
    file: 'memory.ts',
    from: '(words * words) >> 9',
    to: '(words * words) >> 10',
  },
  {
    name: 'fresh memory is not zero',
    file: 'memory.ts',
    from: 'memory.fill(start + <usize>before, 0, <usize>((words << 5) - before))',
    to: '',
  },
  {
    name: 'reading beyond the returned data is allowed',
    file: 'memory.ts',
    from: 'if (offset > <u64>returnedSize() || size > <u64>returnedSize() - offset) return haltBecause(RETURNED_BOUNDS)',
    to: '',
  },
  {
    name: 'returned data outlives the next call',
    file: 'frames.ts',
    from: '  returned = 0\n  reason = NO_REASON\n  if (IS_TRACING) traceEnter',
    to: '  reason = NO_REASON\n  if (IS_TRACING) traceEnter',
  },
  {
    name: 'a jump into the data of a PUSH is allowed',
    file: 'code.ts',
    from: 'if (op - PUSH1 <= PUSH32 - PUSH1) at += op - PUSH1 + 1\n    else if',
    to: 'if',
  },
  {
    name: 'the stack may be a word too high',
    file: 'interpreter.ts',
    from: '> STACK_WORDS_MOST)',
    to: '> STACK_WORDS_MOST + 1)',
  },
  {
    name: 'the stack may be a word too low',
    file: 'interpreter.ts',
    from: 'height < need',
    to: 'height + 1 < need',
  },
  {
    name: 'the creator keeps its nonce',
    file: 'creates.ts',
    from: '  setNonce(creator, load<u64>(creator, NONCE) + 1)\n',
    to: '',
  },
  { name: 'a new contract begins with nonce 0', file: 'accounts.ts', from: 'store<u64>(account, 1, NONCE)', to: '' },
  {
    name: 'a created address is cold',
    file: 'creates.ts',
    from: '  warmAccount(account)\n  const memoryStart',
    to: '  const memoryStart',
  },
  {
    name: 'code that begins with 0xef is accepted',
    file: 'creates.ts',
    from: 'else if (isFrom(LONDON) && size != 0 && load<u8>(data) == 0xef) why = INVALID_CODE',
    to: '',
  },
  {
    name: 'code is cheaper than it is',
    file: 'creates.ts',
    from: 'CODE_BYTE_GAS: i64 = 200',
    to: 'CODE_BYTE_GAS: i64 = 199',
  },
  {
    name: 'init code words cost nothing',
    file: 'creates.ts',
    from: '    gas -= wordsOf(size) * INIT_WORD_GAS\n',
    to: '',
  },
  {
    name: 'SELFDESTRUCT always destroys',
    file: 'creates.ts',
    from: '!isFrom(CANCUN) || load<u32>(self, CREATED) == transaction()',
    to: 'true',
  },
  {
    name: 'SELFDESTRUCT keeps the balance',
    file: 'creates.ts',
    from: '    setBalanceZero(self)\n',
    to: '',
  },
  {
    name: 'a delegation costs no access',
    file: 'calls.ts',
    from: '    gas -= WARM_GAS + coldGas(code)\n',
    to: '',
  },
  {
    name: 'DELEGATECALL has another caller',
    file: 'calls.ts',
    from: 'isDelegate ? frame + CALLER : self',
    to: 'self',
  },
  {
    name: 'DELEGATECALL writes to the other account',
    file: 'calls.ts',
    from: 'isDelegate || op == CALLCODE ? self : target',
    to: 'op == CALLCODE ? self : target',
  },
  {
    name: 'a static call is not static below',
    file: 'calls.ts',
    from: 'load<u32>(frame, IS_STATIC) != 0 || op == STATICCALL',
    to: 'op == STATICCALL',
  },
  {
    name: 'SSTORE needs no least gas',
    file: 'storage.ts',
    from: 'gas <= SENTRY_GAS ? -1 : writeSlot',
    to: 'gas < SENTRY_GAS ? -1 : writeSlot',
  },
  {
    name: 'division forgets to correct its guess',
    file: 'arithmetic.ts',
    from: 'guess * second > ((rest << 32) | next)',
    to: 'false',
  },
  {
    name: 'SDIV forgets a sign',
    file: 'arithmetic.ts',
    from: 'const negative = isNegative(a) != isNegative(b)',
    to: 'const negative = isNegative(a)',
  },
  {
    name: 'ADDMOD loses the carry',
    file: 'arithmetic.ts',
    from: 'store<u64>(PRODUCT, carry, 32)',
    to: 'store<u64>(PRODUCT, 0, 32)',
  },
  {
    name: 'EXP charges a byte too little',
    file: 'arithmetic.ts',
    from: 'return <u64>i - (clz<u64>(limb) >> 3)',
    to: 'return <u64>i - (clz<u64>(limb) >> 3) - u64(i > 8)',
  },
  {
    name: 'SAR fills with zeros',
    file: 'bits.ts',
    from: 'shiftRightBy(word, count, fill)\n}\n\nfunction shiftLeftBy',
    to: 'shiftRightBy(word, count, 0)\n}\n\nfunction shiftLeftBy',
  },
  {
    name: 'SIGNEXTEND is off by a byte',
    file: 'bits.ts',
    from: 'const count = 248 - byte * 8',
    to: 'const count = 240 - byte * 8',
  },
  {
    name: 'BLOCKHASH knows 257 blocks',
    file: 'environment.ts',
    from: 'number + HASHES_BACK < now',
    to: 'number + HASHES_BACK + 1 < now',
  },
  {
    name: 'EXTCODEHASH of an empty account is not 0',
    file: 'environment.ts',
    from: 'if (isEmptyAccount(account)) setZero(to)\n  else copyWord',
    to: 'copyWord',
  },
  {
    name: 'an empty account that was touched stays',
    file: 'index.ts',
    from: 'if (isDestroyed || isSwept) {',
    to: 'if (isDestroyed) {',
  },
]
