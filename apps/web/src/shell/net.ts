// The network that the app looks at: its settings, the link to a node, and what the chain does. Pages get it by context.
import { createContext, useContext, useEffect, useState } from 'react'
import { type ChainFeed, createChainFeed } from '../chain/feed.ts'
import { guardianNames, learnNames } from '../chain/names.ts'
import { createRpcLink, type RpcLink } from '../rpc/link.ts'
import { getGuardians } from '../rpc/tan.ts'
import type { Settings } from '../settings/settings.ts'

export interface Net {
  readonly settings: Settings
  readonly link: RpcLink
  readonly feed: ChainFeed
}

export const NetContext = createContext<Net | undefined>(undefined)

/** For pages, which are shown only where there is a network. */
export function useNet(): Net {
  const net = useContext(NetContext)
  if (net === undefined) throw new Error('a page outside of a network')
  return net
}

/** Opens the network of some settings, and closes it when they change. Undefined for the moment in between. */
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
    setNet({ settings, link, feed })
    return () => {
      endNames()
      feed.stop()
      link.close()
      setNet(undefined)
    }
  }, [settings])
  return net
}
