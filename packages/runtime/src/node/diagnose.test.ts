import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Candidate } from '../choose.js'
import { cpuCandidate } from '../cpu-candidate.js'
import type { RunCommand } from './command.js'
import { diagnoseIn } from './diagnose.js'
import { formatDiagnosis } from './format-diagnosis.js'
import { canBeResolved } from './resolve.js'

const missingNative: Candidate = {
  backend: 'native',
  inspect: () => Promise.resolve({ backend: 'native', usable: false, reason: 'native TensorFlow is not set up.', fix: 'Run: npx transferkit runtime --install' }),
  open: () => Promise.reject(new Error('it is not there')),
}

const brokenWasm: Candidate = {
  backend: 'wasm',
  inspect: () => Promise.resolve({ backend: 'wasm', usable: true, reason: 'it is there.' }),
  open: () => Promise.reject(new Error('its module is damaged.')),
}

const machineWith =
  (tools: Readonly<Record<string, string>>): RunCommand =>
  (command, args) => {
    const output = tools[args.includes('pip') ? 'pip' : command]
    return Promise.resolve(output === undefined ? undefined : { status: 0, output, errors: '' })
  }

describe('diagnose', () => {
  let cache = ''
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), 'transferkit-doctor-'))
    await writeFile(join(cache, 'library'), new Uint8Array(2_000_000))
  })
  afterAll(() => rm(cache, { recursive: true, force: true }))

  const examine = (tools: Readonly<Record<string, string>>) =>
    diagnoseIn(
      {
        run: machineWith(tools),
        environment: {},
        machine: { platform: 'linux', architecture: 'x64', glibc: '2.36' },
        candidates: [missingNative, brokenWasm, cpuCandidate(canBeResolved)],
      },
      cache,
    )

  test('names what is missing and what to do, and checks the numbers of what works', async () => {
    const diagnosis = await examine({ python3: 'Python 3.12.1' })
    expect(diagnosis.chosen).toBe('cpu')
    expect(diagnosis.cacheBytes).toBe(2_000_000)
    expect(diagnosis.backends.map(({ backend, usable, reason }) => [backend, usable, reason])).toEqual([
      ['native', false, 'native TensorFlow is not set up.'],
      ['wasm', false, expect.stringContaining('its module is damaged.')],
      ['cpu', true, 'plain JavaScript works everywhere, slowly.'],
    ])
    expect(diagnosis.backends[2]?.verification?.passed).toBe(true)
    expect(diagnosis.advice).toEqual([expect.stringContaining('Install pip'), expect.stringContaining('Install a C++ compiler'), 'Run: npx transferkit runtime --install'])
  })

  test('proposes CUDA where there is a driver for it', async () => {
    const tools = { python3: 'Python 3.12.1', pip: 'pip 25.0 from x', 'g++': 'g++ 14' }
    expect((await examine({ ...tools, 'nvidia-smi': '550.54.14' })).advice.join()).toContain('--accelerator cuda')
    expect((await examine({ ...tools, 'nvidia-smi': '470.1' })).advice.join()).not.toContain('cuda')
  })

  test('reads well', async () => {
    const text = formatDiagnosis(await examine({ python3: 'Python 3.12.1', pip: 'pip 25.0 from x', 'g++': 'g++ 14' }))
    expect(text).toContain('In use: cpu, plain JavaScript on 1 thread')
    expect(text).toContain('  native  no     native TensorFlow is not set up.')
    expect(text).toContain('  cpu     works  plain JavaScript on 1 thread; a convolution and its gradients are right')
    expect(text).toContain('Python         Python 3.12.1 (python3)')
    expect(text).toContain('NVIDIA driver  none')
    expect(text).toContain('What you can do\n  - Run: npx transferkit runtime --install')
  })
})
