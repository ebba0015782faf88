import { describe, expect, test } from 'vitest'
import { heatMap, heatScale } from './heat-map.js'
import { html } from './html.js'

describe('heatScale', () => {
  test.each([
    ['openness near 0 begins at 0', [0.05, 0.42], { from: 0, to: 0.5 }],
    ['accuracies begin where they begin', [74.2, 83.9], { from: 74, to: 84 }],
    ['equal numbers are not blown up', [0.5, 0.5], { from: 0.5, to: 0.6 }],
    ['weights up to 6', [0, 1.2, 5.7], { from: 0, to: 6 }],
    ['nothing but gaps', [Number.NaN], { from: 0, to: 1 }],
  ])('%s', (_, values, { from, to }) => {
    expect(heatScale(values).from).toBeCloseTo(from, 9)
    expect(heatScale(values).to).toBeCloseTo(to, 9)
  })
})

describe('heatMap', () => {
  const map = (columns: readonly string[]): string =>
    heatMap({ label: 'gates', caption: html`openness`, corner: 'layer', columns, rows: [{ name: '<layer>', cells: columns.map((_, index) => (index === 1 ? {} : { value: index / 10 })) }], scale: { from: 0, to: 1 } }).markup

  test('gives every number as text, on hover and as a colour, and leaves gaps empty', () => {
    expect(map(['a', 'b', 'c'])).toContain('<td></td><td class="pale" style="--share:20%" title="&lt;layer&gt;, c: 0.200">0.20</td>')
  })

  test('is a table that a keyboard can scroll, with headings for rows and columns', () => {
    expect(map(['a'])).toContain('<div class="table" tabindex="0" role="region" aria-label="gates">')
    expect(map(['a'])).toContain('<th scope="col"><span dir="auto">a</span></th>')
    expect(map(['a'])).toContain('<th scope="row">&lt;layer&gt;</th>')
  })

  test('makes cells as narrow as their numbers where there are many', () => {
    const many = map(Array.from({ length: 12 }, (_, index) => `word${index}`))
    expect(many).toContain('class="heat narrow"')
    expect(many).toContain('>.20</td>')
  })
})
