import { expect, test } from 'vitest'
import { openPosition } from './position.ts'

function createStorage() {
  const values = new Map<string, string>()
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    values,
  }
}

test('each resource goes on where it was left', () => {
  const storage = createStorage()
  openPosition('http://a/one', () => storage).keep(12.5)
  expect(openPosition('http://a/one', () => storage).get()).toBe(12.5)
  expect(openPosition('http://a/two', () => storage).get()).toBe(0)
})

test('what is kept is not believed blindly', () => {
  const storage = createStorage()
  openPosition('x', () => storage).keep(1)
  const [key] = storage.values.keys()
  for (const wrong of ['', 'soon', '-4', 'Infinity', 'NaN']) {
    storage.values.set(key!, wrong)
    expect(openPosition('x', () => storage).get(), wrong).toBe(0)
  }
})

test('a browser that keeps nothing still knows it while the page is open', () => {
  const position = openPosition('x', () => {
    throw new Error('denied')
  })
  position.keep(7)
  expect(position.get()).toBe(7)
})
