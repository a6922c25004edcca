// Logs and metrics of the real world: pino and prom-client behind the ports that rooms are given.
import type { LogFields, Logger, Metrics } from '@tan/primitives'
import pino from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** One JSON line an event, to standard output. */
export function createLogger(level: LogLevel, name: string): Logger {
  const logger = pino({ level, name, base: { name } })
  const write = (at: 'debug' | 'info' | 'warn' | 'error') => (message: string, fields?: LogFields) =>
    logger[at](fields ?? {}, message)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

type Labels = Readonly<Record<string, string>>

/** Metrics are made when they are first used; each keeps the label names of that first use. */
export class PrometheusMetrics implements Metrics {
  private readonly registry = new Registry()
  private readonly counters = new Map<string, Counter>()
  private readonly gauges = new Map<string, Gauge>()
  private readonly histograms = new Map<string, Histogram>()

  constructor() {
    collectDefaultMetrics({ register: this.registry })
  }

  count(name: string, amount = 1, labels: Labels = {}): void {
    const counter = getOrMake(this.counters, name, () => new Counter(this.options(name, labels)))
    counter.inc(labels, amount)
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    const gauge = getOrMake(this.gauges, name, () => new Gauge(this.options(name, labels)))
    gauge.set(labels, value)
  }

  observe(name: string, value: number, labels: Labels = {}): void {
    const histogram = getOrMake(this.histograms, name, () => new Histogram(this.options(name, labels)))
    histogram.observe(labels, value)
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  private options(name: string, labels: Labels) {
    return { name, help: name.replaceAll('_', ' '), labelNames: Object.keys(labels), registers: [this.registry] }
  }
}

function getOrMake<T>(known: Map<string, T>, name: string, make: () => T): T {
  let made = known.get(name)
  if (made === undefined) {
    made = make()
    known.set(name, made)
  }
  return made
}
