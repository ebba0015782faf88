import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TransferkitError } from '@transferkit/tensor'
import { sha256OfFile } from './file-bytes.js'
import { onFile } from './file-error.js'
import type { StepOptions } from './progress.js'

/** What to download, and what it must turn out to be. */
export interface DownloadOptions extends StepOptions {
  /** Address of the file, https (or http to this machine). */
  readonly url: string
  /** Path at which the file appears once it is whole and verified. */
  readonly destination: string
  /** Size of the file. */
  readonly bytes: number
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string
  /** How often in a row to try without a byte more; 4 times unless told, our choice. A try that brought some is followed by another from there. */
  readonly attempts?: number
  /** Milliseconds before the second try, doubled before each further one; 500 unless told, our choice. */
  readonly retryDelay?: number
}

/**
 * Downloads a file, resumes what an earlier call (or an earlier process) left, and verifies size and SHA-256 before the file appears.
 *
 * What has arrived is kept beside the destination, under its name with `.part`, until the file is whole; a file that fails the check is deleted.
 *
 * @param options What to download, from where and to where.
 * @throws TransferkitError `download/failed` when the server cannot be reached or refuses, `download/wrong-content` when size or hash are not the expected
 * ones, `file/disk-full` and the like.
 *
 * @example
 * ```ts no-run
 * import { downloadFile } from '@transferkit/datasets/node'
 *
 * await downloadFile({
 *   url: 'https://example.org/digits.zip',
 *   destination: 'digits.zip',
 *   bytes: 1319022,
 *   sha256: 'f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4',
 *   onProgress: ({ kind }) => console.log(kind),
 * })
 * ```
 */
export const downloadFile = async (options: DownloadOptions): Promise<void> => {
  const { url, destination, bytes, sha256, attempts = 4, retryDelay = 500, signal } = options
  const part = `${destination}.part`
  await onFile(destination, async () => mkdir(dirname(destination), { recursive: true }))
  let attempt = 1
  for (;;) {
    const before = await sizeOf(part)
    try {
      await fetchRest(options, part)
      break
    } catch (error) {
      signal?.throwIfAborted()
      if (TransferkitError.isInstance(error)) throw error
      attempt = (await sizeOf(part)) > before ? 1 : attempt + 1
      if (attempt > attempts) {
        throw new TransferkitError(
          'download/failed',
          `${url}: the download failed (${reasonOf(error)}), and ${attempts} attempts in a row brought nothing more. Check the connection and start again: what has arrived is kept. ` +
            'Without internet, get the file elsewhere and use --data-dir.',
          { cause: error },
        )
      }
      await sleep(retryDelay * 2 ** Math.max(0, attempt - 2), undefined, signal === undefined ? {} : { signal })
    }
  }
  const found = await sha256OfFile(part)
  if (found !== sha256) {
    await rm(part, { force: true })
    throw wrongContent(url, `SHA-256 ${sha256} was expected, and ${found} arrived (${bytes} bytes)`)
  }
  await onFile(destination, async () => rename(part, destination))
}

const fetchRest = async (options: DownloadOptions, part: string): Promise<void> => {
  const { url, bytes, onProgress, signal } = options
  const have = await sizeOf(part)
  if (have === bytes) return
  const start = have < bytes ? have : 0
  const response = await fetch(url, {
    // A compressed transfer would make ranges and sizes mean something else.
    headers: { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) },
    ...(signal === undefined ? {} : { signal }),
  })
  const { status, body } = response
  // A server that knows no ranges, or has another file by now, sends the whole.
  const offset = status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`) === true ? start : 0
  if ((status !== 200 && offset === 0 && !(status === 206 && start === 0)) || body === null) {
    await body?.cancel()
    if (status === 416) await rm(part, { force: true })
    if (status >= 500 || status === 408 || status === 416 || status === 429) throw new Error(`the server answers ${status}`)
    throw new TransferkitError('download/failed', `${url}: the server answers ${status} ${response.statusText}. Without this address, get the file elsewhere and use --data-dir.`)
  }
  const declared = offset > 0 ? response.headers.get('content-range')?.split('/')[1] : response.headers.get('content-length')
  if (declared !== undefined && declared !== null && /^\d+$/.test(declared) && Number(declared) !== bytes && !response.headers.has('content-encoding')) {
    await body.cancel()
    await rm(part, { force: true })
    throw wrongContent(url, `${bytes} bytes were expected, and the server has ${declared}`)
  }
  await onFile(part, async () => {
    const file = await open(part, offset === 0 ? 'w' : 'r+')
    try {
      let position = offset
      for await (const chunk of body) {
        if (position + chunk.length > bytes) throw wrongContent(url, `${bytes} bytes were expected, and more arrived`)
        await file.write(chunk, 0, chunk.length, position)
        position += chunk.length
        onProgress?.({ kind: 'download', address: url, receivedBytes: position, totalBytes: bytes })
      }
      await file.sync()
      if (position < bytes) throw new Error(`the connection ended after ${position} of ${bytes} bytes`)
    } catch (error) {
      if (TransferkitError.isInstance(error)) await rm(part, { force: true })
      throw error
    } finally {
      await file.close()
    }
  })
}

const sizeOf = async (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )

const wrongContent = (url: string, problem: string): TransferkitError =>
  new TransferkitError('download/wrong-content', `${url}: not the file that was expected: ${problem}. It was deleted. The file at this address was replaced, or something between altered it.`)

const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
