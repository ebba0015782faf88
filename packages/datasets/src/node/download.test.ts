import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { integerArray, randomKey } from '@transferkit/tensor'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { downloadFile, type DownloadOptions } from './download.js'

const content = Uint8Array.from(integerArray(randomKey(1), 30_000, 256))
const sha256 = createHash('sha256').update(content).digest('hex')

let folder: string
let server: Server
let url: string
let requests: { readonly range: string | undefined }[]
let answer: (request: IncomingMessage, response: ServerResponse) => void

/** Answers as a server that knows ranges, and ends the connection after so many bytes. */
const ranged =
  (body: Uint8Array, stopAfter = Infinity) =>
  (request: IncomingMessage, response: ServerResponse): void => {
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      'content-length': body.length - start,
      ...(request.headers.range === undefined ? {} : { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` }),
    })
    response.write(body.subarray(start, Math.min(body.length, start + stopAfter)))
    // A connection that ends at once may take with it what is still on its way.
    if (start + stopAfter < body.length) setTimeout(() => response.destroy(), 50)
    else response.end()
  }

const options = (change: Partial<DownloadOptions> = {}): DownloadOptions => ({
  url,
  destination: join(folder, 'deep', 'file.bin'),
  bytes: content.length,
  sha256,
  retryDelay: 1,
  ...change,
})

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transferkit test '))
  requests = []
  answer = ranged(content)
  server = createServer((request, response) => {
    requests.push({ range: request.headers.range })
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this kind.
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`
})
afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

describe('downloadFile', () => {
  test('fetches, verifies and tells how far it is', async () => {
    const seen: number[] = []
    await downloadFile(options({ onProgress: (progress) => progress.kind === 'download' && seen.push(progress.receivedBytes) }))
    expect(new Uint8Array(await readFile(options().destination))).toEqual(content)
    expect(seen.at(-1)).toBe(content.length)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(existsSync(`${options().destination}.part`)).toBe(false)
  })

  test('goes on where the connection broke', async () => {
    answer = ranged(content, 4000)
    await downloadFile(options({ attempts: 2 }))
    expect(new Uint8Array(await readFile(options().destination))).toEqual(content)
    expect(requests.length).toBeGreaterThanOrEqual(8)
    expect(requests.slice(1).every(({ range }) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true)
  })

  test('goes on where an earlier call stopped, and starts anew where the server knows no ranges', async () => {
    await downloadFile(options({ destination: join(folder, 'whole') }))
    await writeFile(join(folder, 'resumed.part'), content.subarray(0, 1000))
    await downloadFile(options({ destination: join(folder, 'resumed') }))
    expect(requests.at(-1)).toEqual({ range: 'bytes=1000-' })
    answer = (_request, response) => response.writeHead(200).end(content)
    await writeFile(join(folder, 'anew.part'), new Uint8Array(1000))
    await downloadFile(options({ destination: join(folder, 'anew') }))
    for (const name of ['resumed', 'anew']) expect(new Uint8Array(await readFile(join(folder, name)))).toEqual(content)
  })

  test('keeps what has arrived when it is stopped', async () => {
    const controller = new AbortController()
    answer = (_request, response) => void response.writeHead(200, { 'content-length': content.length }).write(content.subarray(0, 10_000))
    const stopped = downloadFile(options({ signal: controller.signal, onProgress: (progress) => progress.kind === 'download' && progress.receivedBytes === 10_000 && controller.abort() }))
    await expect(stopped).rejects.toThrow('aborted')
    expect((await stat(`${options().destination}.part`)).size).toBe(10_000)
    answer = ranged(content)
    await downloadFile(options())
    expect(requests.at(-1)).toEqual({ range: 'bytes=10000-' })
    expect(new Uint8Array(await readFile(options().destination))).toEqual(content)
  })

  test('tries again when the server is busy, and gives up in the end with what to do', async () => {
    let busy = 2
    answer = (request, response) => (busy-- > 0 ? response.writeHead(503).end() : ranged(content)(request, response))
    await downloadFile(options())
    expect(requests).toHaveLength(3)
    answer = (_request, response) => response.destroy()
    await expect(downloadFile(options({ destination: join(folder, 'never'), attempts: 2 }))).rejects.toMatchObject({ code: 'download/failed', message: expect.stringContaining('--data-dir') as string })
  })

  test.each([
    ['other content of the same size', content.map((byte) => byte ^ 1)],
    ['a shorter page', new TextEncoder().encode('<html>not found</html>')],
    ['a longer file', new Uint8Array(content.length + 1)],
  ])('refuses %s and leaves nothing', async (_, other) => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': other.length }).end(other)
    await expect(downloadFile(options())).rejects.toMatchObject({ code: 'download/wrong-content' })
    expect(requests).toHaveLength(1)
    for (const path of [options().destination, `${options().destination}.part`]) expect(existsSync(path)).toBe(false)
  })

  test('starts anew next time when the file at the address has changed', async () => {
    await downloadFile(options({ destination: join(folder, 'first') }))
    await writeFile(join(folder, 'second.part'), content.subarray(0, 1000))
    answer = ranged(content.subarray(0, 20_000))
    await expect(downloadFile(options({ destination: join(folder, 'second') }))).rejects.toMatchObject({ code: 'download/wrong-content', message: expect.stringContaining('20000') as string })
    expect(existsSync(join(folder, 'second.part'))).toBe(false)
  })

  test('says at once that there is no such file', async () => {
    answer = (_request, response) => response.writeHead(404).end()
    await expect(downloadFile(options())).rejects.toMatchObject({ code: 'download/failed', message: expect.stringContaining('404') as string })
    expect(requests).toHaveLength(1)
  })
})
