import { TransferkitError } from '@transferkit/tensor'

/** Processor or graphics card that a native library computes on. */
export type Accelerator = 'cpu' | 'cuda'

/** A Python wheel from which files are taken: pinned, and checked before anything in it is used. */
export interface Wheel {
  /** Name of the project on the Python package index. */
  readonly project: string
  /** Exact version. */
  readonly version: string
  /** File name of the one wheel that is asked for, whatever Python is installed. */
  readonly file: string
  /** SHA-256 of that file, in hexadecimal. */
  readonly sha256: string
  /** Size of that file in bytes, rounded; for the progress bar and the check of free space. */
  readonly bytes: number
  /** Files and folders (ending in `/`) that are unpacked. */
  readonly members: readonly string[]
}

/** A native TensorFlow library for one kind of machine, and where it comes from. */
export interface NativeLibrary {
  /** Name of its folder in the cache. */
  readonly id: string
  /** Version of TensorFlow. */
  readonly tensorflowVersion: string
  /** What it computes on. */
  readonly accelerator: Accelerator
  /** Wheels that it is made of. */
  readonly wheels: readonly Wheel[]
  /** Disk space in bytes that the unpacked files take, rounded up. */
  readonly unpackedBytes: number
}

/** The machine facts on which the choice of a library depends. */
export interface LibraryTarget {
  /** Operating system, as in `process.platform`. */
  readonly platform: NodeJS.Platform
  /** Processor, as in `process.arch`. */
  readonly architecture: string
  /** Version of the GNU C library, such as `2.36`; absent where there is none (Alpine, macOS, Windows). */
  readonly glibc?: string
  /** Whether an x64 processor has the AVX instructions, which TensorFlow is built with; absent where this is unknown. */
  readonly avx?: boolean
}

const tensorflowVersion = '2.21.0'

// The two libraries, the C headers and what those include.
const tensorflowMembers = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/THIRD_PARTY_NOTICES.txt',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/common_runtime/next_pluggable_device/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
]

const tensorflowWheel = (project: string, machine: string, sha256: string, bytes: number): Wheel => ({
  project,
  version: tensorflowVersion,
  file: `${project.replaceAll('-', '_')}-${tensorflowVersion}-cp311-cp311-manylinux_2_27_${machine}.whl`,
  sha256,
  bytes,
  members: tensorflowMembers,
})

const nvidiaWheel = (component: string, version: string, platform: string, sha256: string, bytes: number): Wheel => ({
  project: `nvidia-${component.replaceAll('_', '-')}-cu12`,
  version,
  file: `nvidia_${component}_cu12-${version}-py3-none-${platform}.whl`,
  sha256,
  bytes,
  members: [`nvidia/${component}/`],
})

const manylinux2010 = 'manylinux2010_x86_64.manylinux_2_12_x86_64'
const manylinux2014 = 'manylinux2014_x86_64.manylinux_2_17_x86_64'
const manylinux227 = 'manylinux_2_27_x86_64'

// What `tensorflow[and-cuda]` asks for, at the newest versions that its ranges allow.
const nvidiaWheels = [
  nvidiaWheel('cublas', '12.9.3.13', manylinux227, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72', 581_200_000),
  nvidiaWheel('cuda_cupti', '12.8.90', manylinux2014, 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182', 10_200_000),
  nvidiaWheel('cuda_nvcc', '12.9.86', manylinux2010, '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0', 40_500_000),
  nvidiaWheel('cuda_nvrtc', '12.9.86', manylinux2010, '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4', 89_600_000),
  nvidiaWheel('cuda_runtime', '12.9.79', manylinux2014, '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3', 3_500_000),
  nvidiaWheel('cudnn', '9.28.0.42', manylinux227, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375', 716_500_000),
  nvidiaWheel('cufft', '11.4.1.4', manylinux2014, 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28', 200_900_000),
  nvidiaWheel('curand', '10.3.10.19', manylinux227, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e', 68_300_000),
  nvidiaWheel('cusolver', '11.7.5.82', manylinux227, '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88', 338_100_000),
  nvidiaWheel('cusparse', '12.5.10.65', manylinux2014, '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78', 366_500_000),
  nvidiaWheel('nccl', '2.32.3', manylinux227, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c', 351_500_000),
  nvidiaWheel('nvjitlink', '12.9.86', manylinux2010, 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9', 39_700_000),
]

/** Every native library that can be installed, by `platform-architecture-accelerator`. @internal */
export const nativeLibraries: Readonly<Record<string, NativeLibrary>> = {
  'linux-x64-cpu': {
    id: `tensorflow-${tensorflowVersion}-linux-x64-cpu`,
    tensorflowVersion,
    accelerator: 'cpu',
    wheels: [tensorflowWheel('tensorflow-cpu', 'x86_64', '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c', 273_829_956)],
    unpackedBytes: 870_000_000,
  },
  'linux-arm64-cpu': {
    id: `tensorflow-${tensorflowVersion}-linux-arm64-cpu`,
    tensorflowVersion,
    accelerator: 'cpu',
    wheels: [tensorflowWheel('tensorflow', 'aarch64', '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c', 281_800_000)],
    unpackedBytes: 1_000_000_000,
  },
  'linux-x64-cuda': {
    id: `tensorflow-${tensorflowVersion}-linux-x64-cuda`,
    tensorflowVersion,
    accelerator: 'cuda',
    wheels: [
      tensorflowWheel('tensorflow', 'x86_64', '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124', 572_440_367),
      ...nvidiaWheels,
    ],
    unpackedBytes: 6_500_000_000,
  },
}

const requiredGlibc = '2.27'

const isOlder = (version: string, required: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [requiredMajor = 0, requiredMinor = 0] = required.split('.').map(Number)
  return major < requiredMajor || (major === requiredMajor && minor < requiredMinor)
}

/**
 * Chooses the native library for a machine.
 *
 * @param target What kind of machine it is.
 * @param accelerator What to compute on. `cuda` needs an NVIDIA card with a driver for CUDA 12.
 * @returns The library with its pinned wheels.
 * @throws TransferkitError `runtime/unsupported-platform` when there is none, saying what works there instead.
 *
 * @example
 * ```ts
 * import { chooseLibrary } from '@transferkit/runtime/node'
 *
 * chooseLibrary({ platform: 'linux', architecture: 'x64', glibc: '2.36' }, 'cpu').wheels[0]?.project // 'tensorflow-cpu'
 * ```
 */
export const chooseLibrary = (target: LibraryTarget, accelerator: Accelerator): NativeLibrary => {
  const unsupported = (problem: string, advice: string): TransferkitError =>
    new TransferkitError('runtime/unsupported-platform', `${problem} ${advice}`)
  const machine = `${target.platform}-${target.architecture}`
  const library = nativeLibraries[`${machine}-${accelerator}`]
  if (library === undefined) {
    if (accelerator === 'cuda' && nativeLibraries[`${machine}-cpu`] !== undefined)
      throw unsupported(`There is no CUDA build of TensorFlow for ${machine}.`, 'Use the accelerator "cpu" here; CUDA needs Linux on x64.')
    const upstream = target.platform === 'darwin' || target.platform === 'win32'
    throw unsupported(
      `TensorFlow's library cannot be built for ${machine}: it is possible on linux-x64 and linux-arm64.`,
      upstream
        ? "Use the wasm backend, which needs no set-up, or upstream's own installer (`installUpstream`)."
        : 'Use the wasm backend, which needs no set-up.',
    )
  }
  if (target.glibc === undefined)
    throw unsupported("This Linux has no GNU C library, which TensorFlow's wheel needs.", 'Use the wasm backend, or a distribution with glibc.')
  if (isOlder(target.glibc, requiredGlibc))
    throw unsupported(`This Linux has glibc ${target.glibc}; TensorFlow's wheel needs ${requiredGlibc} or newer.`, 'Use the wasm backend.')
  if (target.avx === false)
    throw unsupported("This processor lacks the AVX instructions that TensorFlow's wheel is built with.", 'Use the wasm backend.')
  return library
}
