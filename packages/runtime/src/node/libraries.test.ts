import { describe, expect, test } from 'vitest'
import { chooseLibrary, type LibraryTarget, nativeLibraries } from './libraries.js'
import { driverSuffices } from './tools.js'
import { pipArguments } from './wheel.js'

const linux: LibraryTarget = { platform: 'linux', architecture: 'x64', glibc: '2.36', avx: true }

describe('chooseLibrary', () => {
  test.each([
    [linux, 'cpu', 'tensorflow-2.21.0-linux-x64-cpu'],
    [linux, 'cuda', 'tensorflow-2.21.0-linux-x64-cuda'],
    [{ ...linux, architecture: 'arm64' }, 'cpu', 'tensorflow-2.21.0-linux-arm64-cpu'],
    [{ ...linux, glibc: '2.27' }, 'cpu', 'tensorflow-2.21.0-linux-x64-cpu'],
  ] as const)('%j on %s', (target, accelerator, id) => {
    expect(chooseLibrary(target, accelerator).id).toBe(id)
  })

  test.each([
    [{ ...linux, platform: 'darwin' }, 'cpu', /wasm backend.*upstream's own installer/],
    [{ ...linux, platform: 'win32' }, 'cpu', /upstream's own installer/],
    [{ ...linux, architecture: 'riscv64' }, 'cpu', /linux-x64 and linux-arm64/],
    [{ ...linux, architecture: 'arm64' }, 'cuda', /accelerator "cpu"/],
    [{ platform: 'linux', architecture: 'x64' }, 'cpu', /GNU C library/],
    [{ ...linux, glibc: '2.17' }, 'cpu', /glibc 2\.17.*2\.27/],
    [{ ...linux, avx: false }, 'cpu', /AVX/],
  ] as const)('%j on %s has none, and it says what to do', (target, accelerator, advice) => {
    expect(() => chooseLibrary(target, accelerator)).toThrow(advice)
    expect(() => chooseLibrary(target, accelerator)).toThrow(expect.objectContaining({ code: 'runtime/unsupported-platform' }))
  })

  test('the CUDA build is the GPU wheel and every CUDA 12 package that its libraries look for beside them', () => {
    const { wheels } = chooseLibrary(linux, 'cuda')
    expect(wheels[0]?.project).toBe('tensorflow')
    const folders = wheels.slice(1).flatMap(({ members }) => members)
    for (const component of ['cublas', 'cuda_cupti', 'cuda_runtime', 'cudnn', 'cufft', 'cusolver', 'cusparse', 'nccl'])
      expect(folders).toContain(`nvidia/${component}/`)
  })

  test.each(Object.entries(nativeLibraries))('%s is pinned by hash throughout', (_, { wheels, unpackedBytes }) => {
    expect(unpackedBytes).toBeGreaterThan(0)
    for (const { sha256, version, file, project } of wheels) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/)
      expect(file.startsWith(`${project.replaceAll('-', '_')}-${version}-`)).toBe(true)
    }
  })
})

test('pip is asked for exactly the pinned wheel, whatever Python runs it', () => {
  const args = pipArguments(chooseLibrary(linux, 'cpu').wheels[0]!, '/somewhere')
  expect(args.join(' ')).toBe(
    '-m pip download --disable-pip-version-check --progress-bar off --no-deps --only-binary=:all: --python-version 3.11 --implementation cp --platform manylinux_2_27_x86_64 --dest /somewhere tensorflow-cpu==2.21.0',
  )
})

test.each([
  ['550.54.14', true],
  ['525.60.13', true],
  ['470.256.02', false],
  [undefined, false],
])('driver %s for CUDA 12: %s', (driver, suffices) => {
  expect(driverSuffices(driver)).toBe(suffices)
})
