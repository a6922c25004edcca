// The devnet's faucet: sends an account some of both currencies.
import { type Address, CodedError, shorten } from '@tan/primitives'
import { STATUS_MAX_CHARS } from '../limits.ts'

/** the faucet answers when its transactions are in a block */
const FAUCET_TIMEOUT_MS = 30_000

/** Throws `faucet/unreachable`, or `faucet/refused` with the faucet's reason. */
export async function askFaucet(url: string, address: Address): Promise<void> {
  let response: Response
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ address }),
      signal: AbortSignal.timeout(FAUCET_TIMEOUT_MS),
    })
  } catch (cause) {
    throw new CodedError('faucet/unreachable', `The faucet at ${url} does not answer.`, { cause })
  }
  if (!response.ok) throw new CodedError('faucet/refused', `The faucet refused: ${await reasonOf(response)}`)
}

async function reasonOf(response: Response): Promise<string> {
  const text = (await response.text()).slice(0, STATUS_MAX_CHARS)
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return message
  } catch {
    // Not JSON: use the text.
  }
  return shorten(text === '' ? `status ${response.status}` : text, 200)
}
