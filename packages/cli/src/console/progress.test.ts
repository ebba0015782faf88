import { expect, test } from 'vitest'
import { phaseProgress } from './phases.js'
import { progressOn } from './progress.js'

test('phases follow one another, each with its own beginning', async () => {
  let text = ''
  const phases = phaseProgress(progressOn({ write: (part) => (text += part) }, false))
  phases.show({ label: 'Download', completed: 0, total: 2 })
  phases.show({ label: 'Download', completed: 2, total: 2 })
  phases.show({ label: 'Unpack', completed: 0, total: 0 })
  await phases.end()
  expect(text).toBe('Download ...\nUnpack ...\n')
})
