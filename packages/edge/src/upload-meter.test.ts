import { expect, it } from 'vitest'
import { UploadMeter } from './upload-meter.ts'

it('says what part of its upload was in use in the newest window that is over', () => {
  let nowMs = 1_000_000
  const meter = new UploadMeter({ nowMs: () => nowMs }, 1_000)
  expect(meter.load).toBe(0)
  for (let i = 0; i < 5; i++) {
    meter.count(500)
    nowMs += 1_000
  }
  expect(meter.load).toBeCloseTo(0.5)
  meter.count(10)
  expect(meter.load).toBeCloseTo(0.5)
  nowMs += 5_000
  expect(meter.load).toBeCloseTo(10 / 5_000)
  nowMs += 5_000
  expect(meter.load).toBe(0)
  expect([meter.servedBytes, meter.servedPieces]).toEqual([2_510, 6])
})

it('is fully loaded at most', () => {
  let nowMs = 1_000_000
  const meter = new UploadMeter({ nowMs: () => nowMs }, 1_000)
  meter.count(0)
  meter.count(1_000_000)
  nowMs += 5_000
  expect(meter.load).toBe(1)
})
