import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, chunksOf } from './byte-source.js'

/**
 * Decompresses a source if it is gzip (its first two bytes are 1f 8b), and passes it on unchanged if it is not.
 *
 * @param source The bytes.
 * @param options Name of the file for messages.
 * @returns The decompressed bytes, in pieces.
 * @throws TransferkitError `data/corrupt-gzip` when a gzip source is truncated, damaged or followed by other bytes.
 *
 * @example
 * ```ts
 * import { decompressed } from '@transferkit/datasets'
 *
 * const lines = new TextDecoder()
 * for await (const chunk of decompressed(new TextEncoder().encode('not compressed'))) lines.decode(chunk, { stream: true })
 * ```
 */
export async function* decompressed(source: ByteSource, options: { readonly name?: string } = {}): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = chunksOf(source)
  const start: Uint8Array[] = []
  let first: number | undefined
  let second: number | undefined
  for (;;) {
    const { value, done } = await chunks.next()
    if (done === true) break
    if (value.length === 0) continue
    start.push(value)
    if (first === undefined) {
      first = value[0]
      second = value[1]
    } else {
      second = value[0]
    }
    if (second !== undefined) break
  }
  const whole = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    yield* start
    yield* chunks
  }
  if (first === 0x1f && second === 0x8b) yield* gunzip(whole(), options.name ?? 'input')
  else yield* whole()
}

async function* gunzip(chunks: AsyncGenerator<Uint8Array, void, undefined>, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = new DecompressionStream('gzip')
  const writer = stream.writable.getWriter()
  const reader = stream.readable.getReader()
  let sourceFailure: { readonly error: unknown } | undefined
  const feed = async (): Promise<void> => {
    try {
      for (;;) {
        let result: IteratorResult<Uint8Array, void>
        try {
          result = await chunks.next()
        } catch (error) {
          sourceFailure = { error }
          await writer.abort(error)
          return
        }
        if (result.done === true) break
        // The stream wants a chunk of plain memory; none of our sources is shared between threads.
        await writer.write(result.value as Uint8Array<ArrayBuffer>)
      }
      await writer.close()
    } catch {
      // A damaged stream fails on both ends; the reading end reports it.
    } finally {
      await chunks.return()
    }
  }
  const feeding = feed()
  let finished = false
  try {
    for (;;) {
      let result: ReadableStreamReadResult<Uint8Array>
      try {
        result = await reader.read()
      } catch (error) {
        if (sourceFailure !== undefined) throw sourceFailure.error
        throw new TransferkitError(
          'data/corrupt-gzip',
          `${name}: the gzip data are truncated or damaged (${error instanceof Error ? error.message : String(error)}). Fetch the file again.`,
          { cause: error },
        )
      }
      if (result.done) break
      yield result.value
    }
    finished = true
  } finally {
    if (!finished) await reader.cancel().catch(() => undefined)
    await feeding
  }
}
