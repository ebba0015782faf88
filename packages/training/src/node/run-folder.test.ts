import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { TransferkitError } from '@transferkit/tensor'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TrainingEvent } from '../loop/events.js'
import { appendFile } from './append-file.js'
import { readArtefact, saveArtefact } from './artefact-folder.js'
import { writeAtomically } from './atomic-write.js'
import { openEventFile } from './event-file.js'
import { fileError } from './file-error.js'
import { openRunFolder } from './run-folder.js'
import { crc32c } from './tensorboard/crc32c.js'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit-run-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const problemOf = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work()
  } catch (error) {
    if (TransferkitError.isInstance(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'nothing was thrown'
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const stepEnd = (step: number): TrainingEvent => ({ type: 'step-end', step, totalSteps: 9, loss: 1 / step, metrics: { loss: 1 / step }, learningRate: 0.1, examplesPerSecond: 5 })

describe('writing', () => {
  test('replaces a file as a whole and leaves nothing else', async () => {
    const path = join(folder, 'deep', 'file.txt')
    await writeAtomically(path, 'first')
    await writeAtomically(path, bytes('second'))
    expect(await readFile(path, 'utf8')).toBe('second')
    expect(await readdir(join(folder, 'deep'))).toEqual(['file.txt'])
  })

  test('that fails says why and leaves the file as it was', async () => {
    await mkdir(join(folder, 'taken'))
    expect(await problemOf(() => writeAtomically(join(folder, 'taken'), 'text'))).toMatch(/^file\/cannot-write: Cannot write '.*taken'/)
    expect(await readdir(folder)).toEqual(['taken'])
    await writeFile(join(folder, 'file'), 'text')
    expect(await problemOf(() => writeAtomically(join(folder, 'file', 'inside'), 'text'))).toContain('file/cannot-write')
  })

  test.runIf(process.platform === 'linux')('to a full disk says so', async () => {
    const file = appendFile('/dev/full')
    expect(await problemOf(() => file.append('text'))).toBe("file/disk-full: Cannot write '/dev/full': the disk is full. Free some space and resume: nothing that was written before is lost.")
    // This file cannot be flushed either, but it is closed.
    expect(await problemOf(() => file.close())).toContain('file/cannot-write')
  })

  test('errors of the system are put in words, unknown ones as they are', () => {
    expect(fileError('write', 'a', Object.assign(new Error('x'), { code: 'EDQUOT' })).code).toBe('file/disk-full')
    expect(fileError('read', 'a', Object.assign(new Error('x'), { code: 'ENOENT' })).message).toBe("Cannot read 'a': it does not exist.")
    expect(fileError('write', 'a/b', Object.assign(new Error('x'), { code: 'EEXIST' })).message).toBe("Cannot write 'a/b': a part of its path is a file, not a folder.")
    expect(fileError('read', 'a', new Error('odd')).message).toBe("Cannot read 'a': odd")
    expect(fileError('read', 'a', 'odd').message).toBe("Cannot read 'a': odd")
  })
})

describe('a run folder', () => {
  test('is for one process at a time', async () => {
    const run = await openRunFolder(folder)
    expect(await problemOf(() => openRunFolder(folder))).toMatch(new RegExp(`^run/locked: The run folder '.*' is in use by process ${process.pid} since `))
    await run.close()
    await (await openRunFolder(folder)).close()
    expect(await readdir(folder)).toEqual([])
  })

  test('of a dead process, or with a broken lock, is taken over', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    for (const lock of [JSON.stringify({ process: pid, host: hostname(), since: 'yesterday' }), '{"process":', '']) {
      await writeFile(join(folder, '.lock'), lock)
      const longAgo = new Date(Date.now() - 60_000)
      await utimes(join(folder, '.lock'), longAgo, longAgo)
      await (await openRunFolder(folder)).close()
    }
  })

  test('of a dead process is taken over by one of many, even when one of them died while it did so', async () => {
    const { pid } = spawnSync(process.execPath, ['--version'])
    await writeFile(join(folder, '.lock'), JSON.stringify({ process: pid, host: hostname(), since: 'yesterday' }))
    await writeFile(join(folder, '.lock.takeover'), '')
    const longAgo = new Date(Date.now() - 60_000)
    await utimes(join(folder, '.lock.takeover'), longAgo, longAgo)
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => openRunFolder(folder)))
    expect(opened.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const run of opened) if (run.status === 'fulfilled') await run.value.close()
    expect(await readdir(folder)).toEqual([])
  })

  test('of a process on another machine is left alone', async () => {
    await writeFile(join(folder, '.lock'), JSON.stringify({ process: 1, host: 'elsewhere.example', since: 'yesterday' }))
    expect(await problemOf(() => openRunFolder(folder))).toContain("by process 1 on 'elsewhere.example' since yesterday. Wait for it, stop it, or choose another folder. If that process is gone, delete")
  })

  test('keeps files inside itself', async () => {
    const run = await openRunFolder(folder)
    await run.write('recipe.yaml', 'seed: 1\n')
    await run.writeEnvironment({ backend: 'cpu' })
    expect(JSON.parse(await readFile(join(folder, 'environment.json'), 'utf8'))).toMatchObject({ node: process.version, backend: 'cpu' })
    expect(await problemOf(() => run.write('../outside', ''))).toContain('run/file-name')
    expect(() => run.trial('a//b')).toThrow('does not name a place')
    await run.close()
  })

  test('that cannot be made says so', async () => {
    await writeFile(join(folder, 'file'), '')
    expect(await problemOf(() => openRunFolder(join(folder, 'file', 'run')))).toContain('file/cannot-write')
  })
})

describe('the folder of a training', () => {
  test('forgets on resuming what came after the last checkpoint', async () => {
    const run = await openRunFolder(folder)
    const trial = run.trial('ptu/seed-1')
    expect(await trial.resume()).toBeUndefined()
    for (const step of [1, 2, 3, 4, 5]) {
      await trial.record(stepEnd(step))
      if (step % 2 === 0) await trial.saveCheckpoint(bytes(`checkpoint ${step}`), step)
    }
    await trial.saveCheckpoint(bytes('checkpoint 3'), 3)
    expect(await readdir(join(trial.path, 'checkpoints'))).toHaveLength(2)
    await trial.close()
    await writeFile(join(trial.path, 'metrics.jsonl'), `${await readFile(join(trial.path, 'metrics.jsonl'), 'utf8')}{"type":"step-`)
    const again = run.trial('ptu/seed-1')
    expect(new TextDecoder().decode(await again.resume())).toBe('checkpoint 4')
    const lines = (await readFile(join(again.path, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { step: number }).step)).toEqual([1, 2, 3, 4])
    expect(await again.result()).toBeUndefined()
    await again.finish({ accuracy: 0.9 })
    expect(await again.result()).toEqual({ accuracy: 0.9 })
    expect(await again.resume()).toBeUndefined()
    await again.close()
    await run.close()
  })

  test('an artefact is two files', async () => {
    const artefact = { config: bytes('{}'), tensors: bytes('tensors') }
    await saveArtefact(join(folder, 'model'), artefact)
    expect((await readdir(join(folder, 'model'))).sort()).toEqual(['transfer.safetensors', 'transfer_config.json'])
    const read = await readArtefact(join(folder, 'model'))
    expect([Buffer.from(read.config).toString(), Buffer.from(read.tensors).toString()]).toEqual(['{}', 'tensors'])
    expect(await problemOf(() => readArtefact(join(folder, 'none')))).toMatch(/^file\/cannot-read: Cannot read '.*transfer_config.json': it does not exist\.$/)
  })
})

describe('TensorBoard event files', () => {
  test('the checksum has its published values', () => {
    const checksum = crc32c()
    expect(checksum(bytes('123456789'))).toBe(0xe3069283)
    // RFC 3720, B.4.
    expect(checksum(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(checksum(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
    expect(checksum(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e)
  })

  test('hold a header and one record a number', async () => {
    const file = openEventFile(folder)
    await file.write(300, { 'train/loss': 0.5, broken: Number.NaN })
    await file.close()
    const [name = ''] = await readdir(folder)
    expect(name).toMatch(/^events\.out\.tfevents\.\d+/)
    const content = await readFile(join(folder, name))
    const records: Buffer[] = []
    for (let offset = 0; offset < content.length; ) {
      const length = Number(content.readBigUInt64LE(offset))
      const masked = (part: Buffer): number => {
        const value = crc32c()(part)
        return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0
      }
      expect(content.readUInt32LE(offset + 8)).toBe(masked(content.subarray(offset, offset + 8)))
      const message = content.subarray(offset + 12, offset + 12 + length)
      expect(content.readUInt32LE(offset + 12 + length)).toBe(masked(message))
      records.push(message)
      offset += 16 + length
    }
    expect(records).toHaveLength(2)
    expect(records[0]!.subarray(9).toString('latin1')).toBe('\x1a\x0dbrain.Event:2')
    // wall_time; step 300; summary { value { tag, simple_value 0.5 } }.
    expect(records[1]!.subarray(9).toString('hex')).toBe(Buffer.from([0x10, 0xac, 0x02, 0x2a, 0x13, 0x0a, 0x11, 0x0a, 0x0a, ...Buffer.from('train/loss'), 0x15, 0, 0, 0, 0x3f]).toString('hex'))
  })
})
