import { TransferkitError } from '@transferkit/tensor'

/**
 * Where a reader gets its bytes from: all at once, or in pieces as they arrive (a Node stream, the body of a `fetch`, a generator).
 */
export type ByteSource = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>

/** What every reader of a file format may be told. */
export interface ReaderOptions {
  /** Name of the file for messages, `input` unless told. */
  readonly name?: string
  /**
   * Most bytes that the reader may hold in memory, after decompression: 4 GiB (2^32) unless told, our choice.
   *
   * A header that claims more is refused before anything is allocated.
   */
  readonly maximumBytes?: number
}

/** Settings of a reader with the defaults filled in. */
export interface ResolvedReaderOptions {
  /** Name of the file for messages. */
  readonly name: string
  /** Most bytes that the reader may hold in memory. */
  readonly maximumBytes: number
}

export const resolveReaderOptions = (options: ReaderOptions): ResolvedReaderOptions => ({
  name: options.name ?? 'input',
  maximumBytes: options.maximumBytes ?? 2 ** 32,
})

/** The chunks of a source, whatever kind of source it is. */
export async function* chunksOf(source: ByteSource): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) {
    yield source
  } else if ('getReader' in source) {
    // Some browsers have streams that cannot be iterated.
    const reader = source.getReader()
    try {
      for (let result = await reader.read(); !result.done; result = await reader.read()) yield result.value
    } finally {
      await reader.cancel().catch(() => undefined)
    }
  } else {
    yield* source
  }
}

/** Reads a source to its end into one array, refusing more than the permitted number of bytes. */
export const readAllBytes = async (source: ByteSource, { name, maximumBytes }: ResolvedReaderOptions): Promise<Uint8Array<ArrayBuffer>> => {
  const chunks: Uint8Array[] = []
  let total = 0
  for await (const chunk of chunksOf(source)) {
    total += chunk.length
    if (total > maximumBytes) throw tooLarge(name, total, maximumBytes)
    chunks.push(chunk)
  }
  return joinChunks(chunks, total)
}

/** Joins chunks to one array of its own memory. */
export const joinChunks = (chunks: readonly Uint8Array[], total: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(total)
  let offset = 0
  for (const chunk of chunks) {
    bytes.set(chunk, offset)
    offset += chunk.length
  }
  return bytes
}

export const tooLarge = (name: string, bytes: number, maximumBytes: number): TransferkitError =>
  new TransferkitError(
    'data/too-large',
    `${name}: needs ${bytes} bytes or more, and at most ${maximumBytes} are permitted. If the file is sound, raise the option maximumBytes.`,
  )
