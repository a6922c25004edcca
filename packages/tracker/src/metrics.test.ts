import { describe, expect, it } from 'vitest'
import { createMetricsPage } from './metrics.ts'

describe('the page of metrics', () => {
  it('is as Prometheus reads it', () => {
    const page = createMetricsPage()
    page.count('tan_a_total')
    page.count('tan_a_total', 2)
    page.count('tan_b_total', 1, { code: 'x"y\\z\n', type: 't' })
    page.gauge('tan_c', 5)
    page.gauge('tan_c', 4)
    page.observe('tan_d_seconds', 0.5, { of: 'one' })
    page.observe('tan_d_seconds', 1.5, { of: 'one' })
    expect(page.text()).toBe(
      [
        '# TYPE tan_a_total counter',
        'tan_a_total 3',
        '# TYPE tan_b_total counter',
        'tan_b_total{code="x\\"y\\\\z\\n",type="t"} 1',
        '# TYPE tan_c gauge',
        'tan_c 4',
        '# TYPE tan_d_seconds summary',
        'tan_d_seconds_sum{of="one"} 2',
        'tan_d_seconds_count{of="one"} 2',
        '',
      ].join('\n'),
    )
  })
})
