import { decathlonTable } from '@transferkit/vision'
import { expect, test } from 'vitest'
import { decathlonPage } from './page.js'

test('the page in the documentation is the one that the data make', async () => {
  await expect(decathlonPage(decathlonTable)).toMatchFileSnapshot('../../docs/results/decathlon-published.md')
})
