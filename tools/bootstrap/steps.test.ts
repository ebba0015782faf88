import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { runCommand } from './steps.mjs'

const folder = mkdtempSync(join(tmpdir(), 'transferkit-steps-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a command ends with its output, or with the reason why it could not start', async () => {
  expect(await runCommand([process.execPath, '-e', 'console.log(1)'])).toEqual({ passed: true, output: '1\n' })
  expect(await runCommand([process.execPath, '-e', 'console.error(2); process.exit(3)'])).toEqual({ passed: false, output: '2\n' })
  expect(await runCommand(['no-such-program'])).toMatchObject({ passed: false, output: expect.stringContaining('ENOENT') as string })
})

test('an interruption reaches what the command started, and ends this process as one', async () => {
  const pidFile = join(folder, 'pid')
  const grandchild = join(folder, 'grandchild.mjs')
  const parent = join(folder, 'parent.mjs')
  writeFileSync(grandchild, `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(pidFile)}, String(process.pid))\nsetInterval(() => {}, 1000)\n`)
  const steps = JSON.stringify(new URL('steps.mjs', import.meta.url).href)
  const command = JSON.stringify(['sh', '-c', `"${process.execPath}" "${grandchild}"; true`])
  writeFileSync(parent, `import { runCommand } from ${steps}\nawait runCommand(${command})\n`)

  const child = spawn(process.execPath, [parent], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const pid = await vi.waitFor(() => {
    const text = readFileSync(pidFile, 'utf8')
    if (text === '') throw new Error('not yet')
    return Number(text)
  }, 20_000)
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  await vi.waitFor(() => {
    expect(() => process.kill(pid, 0)).toThrow()
  })
})
