// The network that the app uses: its settings, the link to a node, and the state of the chain. Pages get it by context.
import { createContext, useContext, useEffect, useState } from 'react'
import { type ChainFeed, createChainFeed } from '../chain/feed.ts'
import { guardianNames, learnNames } from '../chain/names.ts'
import { validateEdgeStatus } from '../network/edge-status.ts'
import { fetchStatus } from '../network/polled.ts'
import { createRpcLink, type RpcLink } from '../rpc/link.ts'
import { getGuardians } from '../rpc/tan.ts'
import type { Settings } from '../settings/settings.ts'

export interface Net {
  readonly settings: Settings
  readonly link: RpcLink
  readonly feed: ChainFeed
}

export const NetContext = createContext<Net | undefined>(undefined)

/** For pages, which are shown only if there is a network. */
export function useNet(): Net {
  const net = useContext(NetContext)
  if (net === undefined) throw new Error('a page outside of a network')
  return net
}

/** before asking an edge again for its address */
const EDGE_RETRY_MS = 4000

/** The settings name the edges; each edge reports its own address. Returns a function that stops asking. */
function learnEdgeNames({ edges = [] }: Settings): () => void {
  const ended = new AbortController()
  const learn = async (name: string, statusUrl: string): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        const { address } = await fetchStatus(statusUrl, validateEdgeStatus)
        learnNames([[address, name]])
        return
      } catch {
        await new Promise(resolve => setTimeout(resolve, EDGE_RETRY_MS))
      }
    }
  }
  for (const { name, statusUrl } of edges) void learn(name, statusUrl)
  return () => ended.abort()
}

/** Opens the network of the settings, and closes it when they change. Undefined in between. */
export function useOpenedNet(settings: Settings): Net | undefined {
  const [net, setNet] = useState<Net | undefined>(undefined)
  useEffect(() => {
    const link = createRpcLink(settings.wsUrl)
    const feed = createChainFeed(link)
    const endNames = feed.info.subscribe(() => {
      getGuardians(link).then(
        guardians => learnNames(guardianNames(guardians)),
        () => {}, // names are a comfort: addresses show without them
      )
    })
    const endEdges = learnEdgeNames(settings)
    setNet({ settings, link, feed })
    return () => {
      endEdges()
      endNames()
      feed.stop()
      link.close()
      setNet(undefined)
    }
  }, [settings])
  return net
}
