import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const fixture = fileURLToPath(new URL('fixture', import.meta.url))
const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[]
}

const runFixture = async (): Promise<Report> =>
  new Promise((resolve, reject) => {
    const options = { cwd: fixture, env: { PATH: process.env.PATH } }
    execFile(process.execPath, [vitest, 'run', '--config', 'vitest.config.ts', '--reporter', 'json'], options, (_error, stdout, stderr) => {
      try {
        // The shape is that of Vitest's JSON reporter; a wrong one fails the test below.
        resolve(JSON.parse(stdout) as Report)
      } catch {
        reject(new Error(`Vitest printed no report.\n${stdout}\n${stderr}`))
      }
    })
  })

test('the guard fails tests that leak, release too much or print, and no others', async () => {
  const report = await runFixture()
  const results = report.testResults.flatMap((file) => file.assertionResults)
  expect(results).toHaveLength(5)
  for (const { title, status } of results) {
    expect(`${title}: ${status}`).toBe(`${title}: ${title.startsWith('guilty') ? 'failed' : 'passed'}`)
  }
})
