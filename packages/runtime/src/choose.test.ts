import type { Compile } from '@transferkit/tensor'
import { expect, test, vi } from 'vitest'
import { type Candidate, type Opened, openFirst, parseBackend } from './choose.js'

const candidate = (backend: Candidate['backend'], usable: boolean, open: () => Promise<Opened> = () => Promise.resolve({ description: `${backend} engine`, threads: 2 })): Candidate => ({
  backend,
  inspect: () => Promise.resolve(usable ? { backend, usable, reason: 'it is there.' } : { backend, usable, reason: 'it is missing.', fix: 'Install it.' }),
  open,
})

const broken = (backend: Candidate['backend']): Candidate =>
  candidate(backend, true, () => Promise.reject(new Error('it broke.')))

test('the fastest that opens is taken, and the line says why', async () => {
  const runtime = await openFirst([candidate('native', true), candidate('wasm', true), candidate('cpu', false)], 'auto')
  expect(runtime).toMatchObject({
    backend: 'native',
    description: 'native engine',
    threads: 2,
    reason: 'native: native engine, the fastest that there is here.',
    alternatives: [
      { backend: 'wasm', usable: true },
      { backend: 'cpu', usable: false, fix: 'Install it.' },
    ],
  })
})

test('what is missing or breaks is passed over, and named', async () => {
  const runtime = await openFirst([candidate('native', false), broken('wasm'), candidate('cpu', true)], 'auto')
  expect(runtime.reason).toBe('cpu: cpu engine, because native cannot be used: it is missing.')
  expect(runtime.alternatives).toEqual([
    { backend: 'native', usable: false, reason: 'it is missing.', fix: 'Install it.' },
    { backend: 'wasm', usable: false, reason: 'it broke.' },
  ])
})

test('a backend that is asked for is taken or refused, never replaced', async () => {
  const all = [candidate('native', false), candidate('wasm', true)]
  expect((await openFirst(all, 'wasm')).reason).toBe('wasm: wasm engine, as asked for.')
  await expect(openFirst(all, 'native')).rejects.toThrow('The backend that was asked for cannot be used. native: it is missing. Install it.')
  await expect(openFirst(all, 'webgl')).rejects.toThrow(/webgl: it does not exist here; choose one of auto, native, wasm/)
})

test('without any, every reason is given', async () => {
  const attempt = openFirst([candidate('native', false), broken('wasm')], 'auto')
  await expect(attempt).rejects.toMatchObject({ code: 'runtime/backend-unavailable' })
  await expect(attempt).rejects.toThrow('No backend can be used.\n- native: it is missing. Install it.\n- wasm: it broke.')
})

test('a function in a precision that there is not is compiled in float32, which is said once', async () => {
  const warnings: string[] = []
  const compile = vi.fn((f: unknown) => f)
  // It is only looked at, not called.
  const opened = { description: 'native engine', threads: 2, compile: compile as unknown as Compile }
  const runtime = await openFirst([candidate('native', true, () => Promise.resolve(opened))], 'auto', (text) => void warnings.push(text))
  expect(runtime.precisions).toEqual(['float32'])
  for (let time = 0; time < 2; time++) runtime.compile((input: object) => input, { precision: 'bfloat16' })
  expect(compile).toHaveBeenCalledWith(expect.any(Function), { precision: 'float32' })
  expect(warnings).toEqual(['native engine has no fast bfloat16 here, so float32 is used.'])
})

test('a wrong name is refused with the right ones', () => {
  expect(parseBackend('wasm', 'backend')).toBe('wasm')
  expect(() => parseBackend('gpu', 'TRANSFERKIT_BACKEND')).toThrow('TRANSFERKIT_BACKEND: there is no backend "gpu". Choose one of auto, native, webgpu, webgl, wasm, cpu.')
})
