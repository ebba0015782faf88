import { expect, test } from 'vitest'
import { benchChart } from './chart.mjs'
import { benchPage, peers } from './page.mjs'

const row = (step: string, contestant: string, minimumMilliseconds: number, peakMegabytes: number) => ({ step, contestant, minimumMilliseconds, medianMilliseconds: minimumMilliseconds + 1, oursOverThis: 1, peakMegabytes })

const rows = [
  { ...row('small', 'Transferkit, native, compiled', 10, 300), shareOfPeak: 0.25 },
  row('small', 'PyTorch, default', 25, 500),
  row('small', 'PyTorch, compiled', 20, 600),
  row('small', 'TensorFlow.js layers, native', 40, 900),
  row('alone', 'Transferkit, native, compiled', 5, 100),
]
const record = {
  machine: { processor: 'A processor', cores: 2, memoryGigabytes: 24, node: 'v20.0.0', matMulGigaflops: 100 },
  rows,
  scaling: [8, 16].map((value) => ({ axis: 'batch', step: 'a step', value, minimumMilliseconds: value * 1.5, medianMilliseconds: 30, peakMegabytes: 200, commit: 'abc' })),
  startUp: { imports: [{ entry: '@transferkit/tensor', milliseconds: 120, heavy: ['@tensorflow/tfjs-core'] }], help: { milliseconds: 90, heavy: [] }, bareNodeMilliseconds: 40, firstStepMilliseconds: 2500, sizes: [{ package: '@transferkit/tensor', kilobytes: 300, withDependenciesMegabytes: 12.5 }] },
}

test('the fastest form of the other framework counts', () => {
  expect(peers(rows, 'PyTorch').map(({ peer }) => peer.contestant)).toEqual(['PyTorch, compiled'])
})

test('the page has ratios, shares, growth, start-up and every row', () => {
  const page = benchPage(record, 'bench.svg')
  expect(page).toContain('A processor, 2 cores, 24 GB, Node v20.0.0. A matrix product of native TensorFlow reaches 100 GFLOP/s')
  expect(page).toContain('| small | native, compiled | 10 | PyTorch, compiled | 20 | 0.50 | 0.50 | 25 % |')
  expect(page).toContain('| small | native, compiled | 10 | TensorFlow.js layers, native | 40 | 0.25 | 0.33 | 25 % |')
  expect(page).toContain('| 16 | 24 | 2.00 | 2.00 | 200 |')
  expect(page).toContain('takes 90 ms, of which a bare Node process takes 40; it loads nothing heavy')
  expect(page).toContain('| `@transferkit/tensor` | 120 | @tensorflow/tfjs-core |')
  expect(page).toContain('| `@transferkit/tensor` | 300 | 12.5 |')
  expect(page.match(/^\| (small|alone) \| [A-Z]/gm)).toHaveLength(rows.length)
  expect(page).toContain('Measured at abc.')
})

test('a record of comparisons alone makes a page without the other parts', () => {
  const page = benchPage({ machine: record.machine, rows }, 'bench.svg')
  expect(page).not.toMatch(/How time grows|Start-up/)
})

test('the plot is one picture without scripts, and the same each time', () => {
  const chart = benchChart(record)
  expect(chart).toMatch(/^<svg role="img" aria-label="Our time over that of PyTorch: small 0\.50" /)
  expect(chart).not.toMatch(/<script|<style/)
  expect(benchChart(record)).toBe(chart)
})
