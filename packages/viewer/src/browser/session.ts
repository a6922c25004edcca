// The session of a page (spec D-ONEWRITER). Two writers of one session would promise the same money twice: each tab that plays takes a
// session of its own, and holds it by a Web Lock for as long as it lives.

import { openSession, type Session } from '@tan/peer'
import { CodedError } from '@tan/primitives'
import { SESSIONS_MAX } from '../limits.ts'
import { openIndexedDb } from './indexed-db.ts'

/** Throws `session/storage` where the browser keeps nothing for this page, and `session/busy` if too many tabs play. */
export async function openBrowserSession(name = 'tan-session'): Promise<Session> {
  if (navigator.locks === undefined || globalThis.indexedDB === undefined || crypto.subtle === undefined)
    throw new CodedError('session/storage', 'sessions need a page that is served over https, or from localhost')
  for (let i = 0; i < SESSIONS_MAX; i++) {
    const own = i === 0 ? name : `${name}-${i}`
    const release = await tryLock(own)
    if (release === undefined) continue
    try {
      const store = await openIndexedDb(own)
      // Asks the browser not to clear it when disk runs short; what it answers changes nothing.
      void navigator.storage?.persist?.().catch(() => false)
      return await openSession(store, async () => {
        store.close()
        release()
      })
    } catch (error) {
      release()
      throw error
    }
  }
  throw new CodedError('session/busy', `${SESSIONS_MAX} tabs play already: close one`)
}

/** Gives the function that unlocks, or undefined where another tab holds it. The browser unlocks when the tab goes. */
function tryLock(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, lock => {
        if (lock === null) return resolve(undefined)
        return new Promise<void>(release => resolve(release))
      })
      .catch(reject)
  })
}
