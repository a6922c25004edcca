// Finds the block, transaction, account or pool that a person typed or pasted.
import type { Hash } from '@tan/primitives'
import { type FormEvent, type ReactNode, useState } from 'react'
import { findTransaction } from '../rpc/eth.ts'
import type { RpcLink } from '../rpc/link.ts'
import { getPool, getTanBlock } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf, parseQuery, type Route } from '../shell/route.ts'
import { Icon } from '../ui/icons.tsx'
import { messageOf } from '../ui/parts.tsx'

export function Search(): ReactNode {
  const { link } = useNet()
  const [text, setText] = useState('')
  const [problem, setProblem] = useState('')
  const [isBusy, setBusy] = useState(false)

  const search = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    const query = parseQuery(text)
    if (query === undefined) {
      setProblem(
        'Type a block height, an address (40 hexadecimal digits), or the hash of a block, transaction or pool (64 digits).',
      )
      return
    }
    setBusy(true)
    try {
      const route: Route | undefined =
        query.kind === 'height'
          ? { page: 'block', id: query.height }
          : query.kind === 'address'
            ? { page: 'address', address: query.address }
            : await routeOfHash(link, query.hash)
      if (route === undefined)
        setProblem(`No block, transaction or pool has the hash ${query.kind === 'hash' ? query.hash : ''}.`)
      else location.hash = hrefOf(route)
    } catch (error) {
      setProblem(`The search failed: ${messageOf(error)}`)
    } finally {
      setBusy(false)
    }
  }

  return (
    <search>
      <form className="stack" style={{ gap: 6 }} onSubmit={search}>
        <div className="search">
          <div className="search-box">
            <Icon name="search" />
            <input
              type="text"
              inputMode="search"
              spellCheck={false}
              autoComplete="off"
              aria-label="Search the chain"
              placeholder="Block, transaction, address or pool"
              value={text}
              aria-invalid={problem !== ''}
              aria-describedby="search-problem"
              onChange={event => {
                setText(event.target.value)
                setProblem('')
              }}
            />
          </div>
          <button type="submit" className="button is-primary" disabled={isBusy || text.trim() === ''}>
            Find
          </button>
        </div>
        <p id="search-problem" className="field-error" role="status">
          {problem}
        </p>
      </form>
    </search>
  )
}

async function routeOfHash(link: RpcLink, hash: Hash): Promise<Route | undefined> {
  const [block, transaction, pool] = await Promise.all([
    getTanBlock(link, hash),
    findTransaction(link, hash),
    getPool(link, hash),
  ])
  if (block !== undefined) return { page: 'block', id: hash }
  if (transaction !== undefined) return { page: 'transaction', hash }
  return pool === undefined ? undefined : { page: 'pool', poolId: hash }
}
