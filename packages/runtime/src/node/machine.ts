import { readFileSync } from 'node:fs'
import type { LibraryTarget } from './libraries.js'

const glibcVersion = (): string | undefined => {
  const report: unknown = process.report.getReport()
  // Node types the report as a plain object; its header states the C library on Linux.
  const { header } = report as { readonly header?: { readonly glibcVersionRuntime?: string } }
  return header?.glibcVersionRuntime
}

const hasAvx = (): boolean | undefined => {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  try {
    return / avx /.test(readFileSync('/proc/cpuinfo', 'utf8'))
  } catch {
    return undefined
  }
}

/** The kind of machine that this process runs on. @internal */
export const libraryTarget = (): LibraryTarget => {
  const [glibc, avx] = [glibcVersion(), hasAvx()]
  return {
    platform: process.platform,
    architecture: process.arch,
    ...(glibc === undefined ? {} : { glibc }),
    ...(avx === undefined ? {} : { avx }),
  }
}
