import { readFileSync } from 'node:fs'
import type { LibraryTarget } from './libraries.js'

const glibcVersion = (): string | undefined => {
  const report: unknown = process.report.getReport()
  // Node types the report as a plain object; its header states the C library on Linux.
  const { header } = report as { readonly header?: { readonly glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime
}

/** Whether the processor has some feature; undefined where that is not told. */
const hasFeature = (feature: RegExp): boolean | undefined => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  try {
    return feature.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return undefined
  }
}

/** Whether the processor has instructions for products of bfloat16; without them, it is slower than float32. @internal */
export const hasFastBfloat16 = (): boolean => hasFeature(/ (avx512_bf16|amx_bf16)\b/) === true

/** The kind of machine that this process runs on. @internal */
export const libraryTarget = (): LibraryTarget => {
  const [glibc, avx] = [glibcVersion(), hasFeature(/ avx /)]
  return {
    platform: process.platform,
    architecture: process.arch,
    ...(glibc === undefined ? {} : { glibc }),
    ...(avx === undefined ? {} : { avx }),
  }
}
