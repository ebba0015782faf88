import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand } from './command.js'
import type { Wheel } from './libraries.js'
import type { InstallProgress } from './progress.js'
import { findPython } from './tools.js'
import { unpackWheel } from './wheel.js'

const python = await findPython(runCommand, process.env)
if (python === undefined) process.stderr.write('Skipped: tests that unpack a wheel, because there is no python3.\n')

const wheel = (members: readonly string[]): Wheel => ({ project: 'demo', version: '1', file: 'demo.whl', sha256: '', bytes: 0, members })

test.skipIf(python === undefined)('unpacks the named files and folders of a wheel, and says when one is missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'transferkit-wheel-'))
  try {
    const path = join(folder, 'demo.whl')
    const write = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n for n in ('a/x.h', 'a/b/y.h', 'c.so', 'other/z.py'): z.writestr(n, n)"
    await runCommand(python!.command, ['-c', write, path])
    const seen: InstallProgress[] = []
    const context = { run: runCommand, python: python!, staging: folder, downloads: folder, onProgress: (progress: InstallProgress) => seen.push(progress), signal: undefined }
    await unpackWheel(path, wheel(['a/', 'c.so']), join(folder, 'out'), context)
    for (const name of ['a/x.h', 'a/b/y.h', 'c.so']) expect(await readFile(join(folder, 'out', name), 'utf8')).toBe(name)
    await expect(readFile(join(folder, 'out', 'other/z.py'))).rejects.toThrow()
    expect(seen.at(-1)).toEqual({ phase: 'unpack', subject: 'demo.whl', completed: 16, total: 16 })
    await expect(unpackWheel(path, wheel(['d.so']), join(folder, 'out'), context)).rejects.toThrow(/does not contain d\.so/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
