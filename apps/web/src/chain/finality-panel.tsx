// Why a block is final: the certificate of its checkpoint, which this browser can check itself.
import { type ReactNode, useState } from 'react'
import { counted, formatCount, formatShare } from '../format.ts'
import { CHECKPOINTS_TRIED_MAX } from '../limits.ts'
import type { RpcLink } from '../rpc/link.ts'
import { type FinalityCertificateInfo, getAnchor, getFinalityCertificate } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { useFetched } from '../ui/hooks.ts'
import { AddressLink } from '../ui/identity.tsx'
import { Failed, Fold, Loading, messageOf, Panel } from '../ui/parts.tsx'
import { type CheckedFinality, checkFinality, type TrustAnchor, validateAnchor } from './finality-check.ts'

export function FinalityPanel({ height }: { height: number }): ReactNode {
  const { link, feed } = useNet()
  const interval = useStore(feed.info)?.parameters.checkpointInterval
  const certificate = useFetched(
    async () => (interval === undefined ? undefined : certificateOver(link, height, interval)),
    `finality of ${height}`,
    interval,
  )
  if (certificate.kind === 'failed')
    return (
      <Panel title="Why it is final">
        <Failed title="The certificate could not be loaded" error={certificate.error} retry={certificate.retry} />
      </Panel>
    )
  if (certificate.kind === 'loading')
    return (
      <Panel title="Why it is final">
        <Loading what="the certificate" rows={2} />
      </Panel>
    )
  if (certificate.value === undefined) return null
  const { height: checkpoint, signers, of } = certificate.value
  return (
    <Panel title="Why it is final">
      <p>
        {checkpoint === height ? 'It is a checkpoint' : 'It is an ancestor of checkpoint '}
        {checkpoint !== height && <a href={hrefOf({ page: 'block', id: checkpoint })}>{formatCount(checkpoint)}</a>},
        signed by {signers} of {counted(of, 'guardian')}.
      </p>
      <Fold summary="Check the signatures in this browser">
        <Check certificate={certificate.value} />
      </Fold>
    </Panel>
  )
}

/** The certificate of the first checkpoint at or above this height that guardians did not skip. */
async function certificateOver(
  link: RpcLink,
  height: number,
  interval: number,
): Promise<FinalityCertificateInfo | undefined> {
  const first = Math.ceil(height / interval) * interval
  for (let i = 0; i < CHECKPOINTS_TRIED_MAX; i++) {
    const certificate = await getFinalityCertificate(link, first + i * interval)
    if (certificate !== undefined) return certificate
  }
  return undefined
}

type Outcome =
  | { readonly kind: 'right'; readonly checked: CheckedFinality; readonly isAnchorOurs: boolean }
  | { readonly kind: 'wrong'; readonly why: string }

function Check({ certificate }: { certificate: FinalityCertificateInfo }): ReactNode {
  const { link, settings } = useNet()
  const [outcome, setOutcome] = useState<Outcome | undefined>(undefined)
  const check = async (): Promise<void> => {
    try {
      const { anchor, isOurs } = await trustAnchor(link, settings.genesis)
      const checked = checkFinality(anchor, certificate.encoded, certificate.hash)
      setOutcome({ kind: 'right', checked, isAnchorOurs: isOurs })
    } catch (error) {
      setOutcome({ kind: 'wrong', why: messageOf(error) })
    }
  }
  return (
    <div className="stack" style={{ gap: 10 }}>
      <p className="muted">
        You need not trust this node: the certificate holds one merged signature for each of the two rounds of votes,
        and the genesis holds the public keys of all guardians.
      </p>
      {outcome === undefined && (
        <div className="row">
          <button type="button" className="button" onClick={check}>
            Check now
          </button>
        </div>
      )}
      {outcome?.kind === 'wrong' && (
        <p className="notice is-bad" role="alert">
          The certificate is not valid: {outcome.why}.
        </p>
      )}
      {outcome?.kind === 'right' && <Right {...outcome} />}
    </div>
  )
}

function Right({ checked, isAnchorOurs }: { checked: CheckedFinality; isAnchorOurs: boolean }): ReactNode {
  const { signers, power, totalPower } = checked
  return (
    <>
      <p className="notice is-good" role="status">
        <strong>The signatures are valid.</strong> {counted(signers.length, 'guardian')} with{' '}
        {formatShare(power / totalPower)} of all stake have committed to it; more than two thirds are needed.
      </p>
      <p className="row">
        {signers.map(({ address }) => (
          <AddressLink key={address} address={address} />
        ))}
      </p>
      <p className="small muted">
        {isAnchorOurs
          ? 'Checked against the guardians in the settings of this page.'
          : 'Checked against the guardians that the node itself names. To be sure, give the page your own genesis.'}
      </p>
    </>
  )
}

/** The anchor from the page's settings, or else the node's. */
async function trustAnchor(link: RpcLink, given: unknown): Promise<{ anchor: TrustAnchor; isOurs: boolean }> {
  try {
    return { anchor: validateAnchor(given), isOurs: true }
  } catch {
    return { anchor: validateAnchor(await getAnchor(link)), isOurs: false }
  }
}
