// Messages in a few words, for traces.
import type { Hash } from '@tan/primitives'
import {
  bitmapIndices,
  type CommitCertificate,
  type EpochChangeCertificate,
  type FinalityMessage,
  hashBlock,
  type JustifiedPoint,
  type Prepare,
  type SettlementMessage,
} from '@tan/protocol'
import type { NodeMessage } from './network.ts'

export function shortHash(hash: Hash): string {
  return hash.slice(2, 8)
}

export function describe(message: NodeMessage): string {
  switch (message.type) {
    case 'settlement':
      return describeSettlement(message.message)
    case 'finality':
      return describeFinality(message.message)
    case 'get-blocks':
      return `get-blocks ${shortHash(message.blockHash)} above ${message.aboveHeight}`
    case 'blocks':
      return `blocks ${message.proposals.map(({ block }) => shortHash(hashBlock(block))).join(' ')}`
  }
}

function describeSettlement(message: SettlementMessage): string {
  switch (message.type) {
    case 'proposal': {
      const { header, record } = message.proposal.block
      const { epochChange, justify, finality } = record
      const parts = [
        `proposal e${record.epoch} ${shortHash(hashBlock(message.proposal.block))} at height ${header.height}`,
        `on ${shortHash(header.parentHash)}`,
        `justified by ${describeCertificate(justify)}`,
        epochChange === undefined ? '' : `with ${describeEpochChange(epochChange)}`,
        finality === undefined ? '' : 'carrying finality',
      ]
      return parts.filter(part => part !== '').join(' ')
    }
    case 'vote': {
      const { epoch, blockHash, justifyEpoch, voter } = message.vote
      return `vote e${epoch} ${shortHash(blockHash)} on e${justifyEpoch} by ${voter}`
    }
    case 'epoch-change': {
      const { epoch, certificateEpoch, sender } = message.epochChange
      return `epoch change to e${epoch} on e${certificateEpoch} by ${sender}`
    }
    case 'certificate':
      return describeCertificate(message.certificate)
    case 'epoch-change-certificate':
      return `${describeEpochChange(message.epochChange)} on e${message.certificate.epoch}`
  }
}

function describeCertificate({ epoch, blockHash, signers }: CommitCertificate): string {
  return `CC(e${epoch} ${shortHash(blockHash)} by ${bitmapIndices(signers).join('')})`
}

function describeEpochChange({ epoch, groups }: EpochChangeCertificate): string {
  const reports = groups.map(
    ({ certificateEpoch, signers }) => `e${certificateEpoch}:${bitmapIndices(signers).join('')}`,
  )
  return `EC(e${epoch} ${reports.join(' ')})`
}

function describeFinality(message: FinalityMessage): string {
  switch (message.type) {
    case 'share': {
      const { statement, members } = message.share
      const who = `by ${bitmapIndices(members).join('')}`
      return statement.type === 'prepare'
        ? `${describePrepare(statement.prepare)} ${who}`
        : `commit ${describePoint(statement.commit.point)} ${who}`
    }
    case 'justified':
      return `justified ${message.justifications.map(({ prepare }) => describePrepare(prepare)).join(', ')}`
    case 'finalized':
      return `finalized ${message.certificate.justifications.map(({ prepare }) => describePrepare(prepare)).join(', ')}`
    case 'status': {
      const { ballot, guardian, justified, settledHeight } = message.status
      return `status of ${guardian} in ballot ${ballot}: ${describePoint(justified)}, settled ${settledHeight}`
    }
    case 'ballot':
      return `ballot ${message.proposal.ballot}: ${describePrepare(message.proposal.prepare)}`
  }
}

function describePrepare({ round, source, target }: Prepare): string {
  return `prepare ${describePoint(source)} -> ${describePoint({ hash: target, round })}`
}

function describePoint({ hash, round }: JustifiedPoint): string {
  const ballot = Math.floor(round / 2 ** 32)
  return `${shortHash(hash)}@${ballot > 0 ? `${ballot}.` : ''}${round % 2 ** 32}`
}
