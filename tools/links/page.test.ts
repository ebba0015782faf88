import { expect, test } from 'vitest'
import { readPage } from './page.js'

test('finds links to files and places, and passes over other hosts and code', () => {
  const page = ['# A page', '', 'See [one](one.md#first-part) and ![an image](images/two%20three.png),', '[below](#a-page) and [elsewhere](https://example.org/x.md).', '', '```md', '[no](link.md)', '```'].join('\n')
  expect(readPage(page).links).toEqual([
    { line: 3, path: 'one.md', anchor: 'first-part' },
    { line: 3, path: 'images/two three.png', anchor: undefined },
    { line: 3, path: '', anchor: 'a-page' },
  ])
})

test('finds links in the cells of tables', () => {
  expect(readPage('| a |\n| --- |\n| [one](one.md) |').links).toEqual([expect.objectContaining({ path: 'one.md' })])
})

test('names headings as GitHub does', () => {
  const { anchors } = readPage('# From `transferkit`: a *first* look\n\n## Options\n\n## Options\n\nWhat is it?\n---')
  expect([...anchors]).toEqual(['from-transferkit-a-first-look', 'options', 'options-1', 'what-is-it'])
})
