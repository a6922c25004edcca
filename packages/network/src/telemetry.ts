// What operators see of the network: one place for the names of metrics and for what is worth a line in the log.
import type { Logger, Metrics, Reason } from '@tan/primitives'
import type { Protocol } from './protocols.ts'
import type { PeerId } from './transport.ts'

export class Telemetry {
  readonly #logger: Logger
  readonly #metrics: Metrics

  constructor(logger: Logger, metrics: Metrics) {
    this.#logger = logger
    this.#metrics = metrics
  }

  sent(protocol: Protocol, sizeBytes: number): void {
    const labels = { protocol: protocol.name }
    this.#metrics.count('tan_network_messages_sent_total', 1, labels)
    this.#metrics.count('tan_network_sent_bytes_total', sizeBytes, labels)
  }

  received(protocol: Protocol, sizeBytes: number): void {
    const labels = { protocol: protocol.name }
    this.#metrics.count('tan_network_messages_received_total', 1, labels)
    this.#metrics.count('tan_network_received_bytes_total', sizeBytes, labels)
  }

  dropped(peer: PeerId | undefined, protocol: Protocol, count: number, reason: Reason): void {
    this.#metrics.count('tan_network_messages_dropped_total', count, { protocol: protocol.name, code: reason.code })
    this.#logger.debug('messages dropped', { peer, protocol: protocol.name, count, code: reason.code })
  }

  offence(peer: PeerId, protocol: Protocol | undefined, reason: Reason, isBanned: boolean): void {
    this.#metrics.count('tan_network_offences_total', 1, { protocol: protocol?.name ?? 'wire', code: reason.code })
    if (isBanned) this.#metrics.count('tan_network_bans_total', 1, { code: reason.code })
    const fields = { peer, protocol: protocol?.name, code: reason.code, reason: reason.message }
    if (isBanned) this.#logger.warn('peer banned', fields)
    else this.#logger.info('peer penalised', fields)
  }

  peers(count: number): void {
    this.#metrics.gauge('tan_network_peers_count', count)
  }

  connected(peer: PeerId, direction: string, host: string): void {
    this.#logger.info('peer connected', { peer, direction, host })
  }

  disconnected(peer: PeerId, reason: Reason): void {
    this.#metrics.count('tan_network_disconnects_total', 1, { code: reason.code })
    this.#logger.info('peer disconnected', { peer, code: reason.code, reason: reason.message })
  }

  dialed(address: string, failure: Reason | undefined): void {
    this.#metrics.count('tan_network_dials_total', 1, { code: failure?.code ?? 'ok' })
    if (failure !== undefined)
      this.#logger.debug('dial failed', { address, code: failure.code, reason: failure.message })
  }

  requested(protocol: Protocol, tookMs: number, failure: Reason | undefined): void {
    this.#metrics.observe('tan_network_request_seconds', tookMs / 1000, {
      protocol: protocol.name,
      code: failure?.code ?? 'ok',
    })
  }

  /** A handler of ours failed: not the peer's fault. */
  handlerFailed(protocol: Protocol, failure: Reason): void {
    this.#metrics.count('tan_network_handler_failures_total', 1, { protocol: protocol.name, code: failure.code })
    this.#logger.error('handler failed', { protocol: protocol.name, code: failure.code, reason: failure.message })
  }
}
