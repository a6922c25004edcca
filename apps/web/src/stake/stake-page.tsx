// Validators and guardians by stake, the current leader, and recent participation.
import type { Address } from '@tan/primitives'
import { type ReactNode, useMemo } from 'react'
import '../chain/chain.css'
import './stake.css'
import { formatCount, formatShare, formatTokens, tokenQuantity } from '../format.ts'
import { ROWS_SHOWN } from '../limits.ts'
import { type Guardian, getGuardians, type TanBlock } from '../rpc/tan.ts'
import { useNet } from '../shell/net.ts'
import { hrefOf } from '../shell/route.ts'
import { useStore } from '../store.ts'
import { useFetched } from '../ui/hooks.ts'
import { AddressLink } from '../ui/identity.tsx'
import { Facts, Failed, Figure, Loading, Panel } from '../ui/parts.tsx'
import { type Proposals, participationOf } from './participation.ts'

const WEI_PER_POWER = 10n ** 18n

export function StakePage(): ReactNode {
  const { link, feed } = useNet()
  const info = useStore(feed.info)
  const guardians = useFetched(() => getGuardians(link), 'guardians', info?.genesisHash)
  return (
    <div className="stack">
      <div className="page-head">
        <h1 tabIndex={-1}>Stake</h1>
        <p className="lede">
          Validators take turns proposing blocks; all guardians together finalize them. The genesis file of this chain
          names both, and they do not change yet: TAN staked later has no voting power, and misbehaviour is detected but
          not punished.
        </p>
      </div>
      {guardians.kind === 'loading' && <Loading what="the guardians" rows={8} />}
      {guardians.kind === 'failed' && (
        <Failed title="The guardians could not be loaded" error={guardians.error} retry={guardians.retry} />
      )}
      {guardians.kind === 'ready' && <Guardians guardians={guardians.value} />}
    </div>
  )
}

function Guardians({ guardians }: { guardians: readonly Guardian[] }): ReactNode {
  const { feed } = useNet()
  const info = useStore(feed.info)
  const blocks = useStore(feed.blocks)
  const validators = guardians.filter(guardian => guardian.isValidator)
  const others = guardians.filter(guardian => !guardian.isValidator)
  const total = powerOf(guardians)
  const participation = useMemo(() => participationOf(blocks), [blocks])
  return (
    <>
      <section className="panel">
        <div className="figures">
          <Figure label="Total stake" value={tokenQuantity(BigInt(total) * WEI_PER_POWER, 'TAN', 7)} />
          <Figure label="Validators" value={formatCount(validators.length)} />
          <Figure label="Guardians, validators included" value={formatCount(guardians.length)} />
          <Figure
            label="Signed the last finality certificate"
            value={
              participation.finality === undefined
                ? '–'
                : `${participation.finality.signers} of ${participation.finality.of}`
            }
          />
        </div>
      </section>
      <Panel
        title="Validators"
        note={`Settle blocks: more than two thirds of ${formatStake(powerOf(validators))} must agree`}
      >
        <ValidatorTable validators={validators} blocks={blocks} proposals={participation.proposals} />
      </Panel>
      <Panel title="Other guardians" note={`Finalize checkpoints, together with the validators`}>
        <GuardianTable guardians={others} total={total} />
      </Panel>
      {info !== undefined && (
        <Panel title="How to take part">
          <Facts
            rows={{
              'Minimum stake of a guardian': formatTokens(info.parameters.guardianStakeMinWei, 'TAN', 7),
              'Minimum stake of a validator': formatTokens(info.parameters.validatorStakeMinWei, 'TAN', 7),
              How: (
                <>
                  <code className="mono">npx tan stake</code> locks TAN from the{' '}
                  <a href={hrefOf({ page: 'wallet' })}>wallet</a> and creates and registers a guardian&rsquo;s signing
                  key; <code className="mono">npx tan node</code> runs a node.
                </>
              ),
              Effect: 'None yet: nobody becomes a guardian or validator after genesis.',
            }}
          />
        </Panel>
      )}
    </>
  )
}

function ValidatorTable({
  validators,
  blocks,
  proposals,
}: {
  validators: readonly Guardian[]
  blocks: readonly TanBlock[]
  proposals: ReadonlyMap<Address, Proposals>
}): ReactNode {
  const { feed } = useNet()
  const leader = useStore(feed.status)?.leader
  const total = powerOf(validators)
  return (
    <div className="table-wrap">
      <table className="table is-folding">
        <thead>
          <tr>
            <th>Validator</th>
            <th>Voting power</th>
            <th className="is-number">Staked</th>
            <th className="is-number">Proposed of the last {formatCount(blocks.length)}</th>
            <th className="is-number">Newest block</th>
          </tr>
        </thead>
        <tbody>
          {validators.map(({ address, power }) => {
            const proposed = proposals.get(address)
            return (
              <tr key={address}>
                <td className="is-title">
                  <span className="row">
                    <AddressLink address={address} />
                    <span className={`tag leads ${address === leader ? 'is-good' : 'is-hidden'}`}>leader</span>
                  </span>
                </td>
                <td data-label="Voting power">
                  <Say share={power / total} />
                </td>
                <td className="is-number" data-label="Staked">
                  {formatStake(power)}
                </td>
                <td className="is-number" data-label="Proposed lately">
                  {formatCount(proposed?.count ?? 0)}
                </td>
                <td className="is-number" data-label="Newest block">
                  {proposed === undefined ? (
                    'none recently'
                  ) : (
                    <a href={hrefOf({ page: 'block', id: proposed.newestHeight })}>
                      {formatCount(proposed.newestHeight)}
                    </a>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function GuardianTable({ guardians, total }: { guardians: readonly Guardian[]; total: number }): ReactNode {
  if (guardians.length === 0) return <p className="muted">All guardians are validators.</p>
  const shown = [...guardians].sort((a, b) => b.power - a.power).slice(0, 4 * ROWS_SHOWN)
  return (
    <div className="table-wrap">
      <table className="table is-folding">
        <thead>
          <tr>
            <th>Guardian</th>
            <th>Finality power</th>
            <th className="is-number">Staked</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ address, power }) => (
            <tr key={address}>
              <td className="is-title">
                <AddressLink address={address} />
              </td>
              <td data-label="Finality power">
                <Say share={power / total} />
              </td>
              <td className="is-number" data-label="Staked">
                {formatStake(power)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < guardians.length && (
        <p className="small muted">
          Showing the {formatCount(shown.length)} with the most stake, of {formatCount(guardians.length)}.
        </p>
      )}
    </div>
  )
}

function Say({ share }: { share: number }): ReactNode {
  return (
    <span className="say">
      <span className="say-bar">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      {formatShare(share)}
    </span>
  )
}

function powerOf(guardians: readonly Guardian[]): number {
  return guardians.reduce((sum, { power }) => sum + power, 0)
}

function formatStake(power: number): string {
  return `${formatCount(power)} TAN`
}
