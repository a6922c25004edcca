// The Metrics port, kept in memory and written in Prometheus format.
import type { Metrics } from '@tan/primitives'

type Kind = 'counter' | 'gauge' | 'summary'
type Labels = Readonly<Record<string, string>>

export interface MetricsPage extends Metrics {
  /** the text exposition format, version 0.0.4 */
  text(): string
}

/** Names and labels come only from the code, never from a peer, so their number is bounded. */
export function createMetricsPage(): MetricsPage {
  const families = new Map<string, { readonly kind: Kind; readonly samples: Map<string, number> }>()

  function samplesOf(name: string, kind: Kind): Map<string, number> {
    const family = families.get(name) ?? { kind, samples: new Map<string, number>() }
    families.set(name, family)
    return family.samples
  }

  function add(samples: Map<string, number>, sample: string, amount: number): void {
    samples.set(sample, (samples.get(sample) ?? 0) + amount)
  }

  return {
    count(name, amount = 1, labels = {}) {
      add(samplesOf(name, 'counter'), name + labelText(labels), amount)
    },
    gauge(name, value, labels = {}) {
      samplesOf(name, 'gauge').set(name + labelText(labels), value)
    },
    observe(name, value, labels = {}) {
      const samples = samplesOf(name, 'summary')
      add(samples, `${name}_sum${labelText(labels)}`, value)
      add(samples, `${name}_count${labelText(labels)}`, 1)
    },
    text() {
      const lines: string[] = []
      for (const [name, { kind, samples }] of families) {
        lines.push(`# TYPE ${name} ${kind}`)
        for (const [sample, value] of samples) lines.push(`${sample} ${value}`)
      }
      return `${lines.join('\n')}\n`
    },
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return parts.length === 0 ? '' : `{${parts.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
