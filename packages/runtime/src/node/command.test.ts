import { expect, test } from 'vitest'
import { runCommand } from './command.js'

test('gives output, errors and status', async () => {
  const lines: string[] = []
  const result = await runCommand(process.execPath, ['-e', 'console.log("a\\nb"); console.error("c"); process.exitCode = 3'], { onLine: (line) => lines.push(line) })
  expect(result).toEqual({ status: 3, output: 'a\nb\n', errors: 'c\n' })
  expect(lines).toEqual(['a', 'b'])
})

test('a command that does not exist is undefined, not an error', async () => {
  expect(await runCommand('transferkit-has-no-such-command', [])).toBeUndefined()
})

test('a signal ends the command', async () => {
  const stop = new AbortController()
  const running = runCommand(process.execPath, ['-e', 'console.log("ready"); setInterval(() => {}, 1000)'], {
    signal: stop.signal,
    onLine: () => stop.abort(new Error('stopped by the user')),
  })
  await expect(running).rejects.toThrow('stopped by the user')
})
