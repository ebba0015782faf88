import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, chunksOf, joinChunks, type ResolvedReaderOptions, tooLarge } from './byte-source.js'

/**
 * Reads a source from its start to its end in pieces of a chosen size.
 *
 * Memory is taken as bytes arrive, never because a header claims them.
 */
export interface ByteCursor {
  /** How many bytes have been read. */
  readonly offset: () => number
  /** Reads exactly `count` bytes; `what` says in the message for a truncated file what they are. */
  readonly take: (count: number, what: string) => Promise<Uint8Array<ArrayBuffer>>
  /** Reads up to `count` bytes, fewer only at the end of the source. */
  readonly takeUpTo: (count: number) => Promise<Uint8Array<ArrayBuffer>>
  /** Passes over `count` bytes. */
  readonly skip: (count: number, what: string) => Promise<void>
  /** Throws when the source has more bytes. */
  readonly expectEnd: (what: string) => Promise<void>
  /** Stops reading. */
  readonly close: () => Promise<void>
}

export const byteCursor = (source: ByteSource, options: ResolvedReaderOptions): ByteCursor => {
  const chunks = chunksOf(source)
  let pending: Uint8Array = new Uint8Array(0)
  let offset = 0

  const takeUpTo = async (count: number): Promise<Uint8Array<ArrayBuffer>> => {
    const parts: Uint8Array[] = []
    let total = 0
    while (total < count) {
      if (pending.length === 0) {
        const { value, done } = await chunks.next()
        if (done === true) break
        pending = value
        continue
      }
      const part = pending.subarray(0, count - total)
      pending = pending.subarray(part.length)
      parts.push(part)
      total += part.length
    }
    offset += total
    return joinChunks(parts, total)
  }

  const take = async (count: number, what: string): Promise<Uint8Array<ArrayBuffer>> => {
    if (count > options.maximumBytes) throw tooLarge(options.name, count, options.maximumBytes)
    const start = offset
    const bytes = await takeUpTo(count)
    if (bytes.length < count) throw truncated(start, count, what)
    return bytes
  }

  const truncated = (start: number, count: number, what: string): TransferkitError =>
    new TransferkitError(
      'data/truncated',
      `${options.name}: the file ends at byte ${offset}, within ${what}: ${count} bytes were expected from byte ${start}, ${offset - start} are there. Fetch the file again.`,
    )

  const skip = async (count: number, what: string): Promise<void> => {
    const start = offset
    while (offset < start + count) {
      const { length } = await takeUpTo(Math.min(start + count - offset, 65536))
      if (length === 0) throw truncated(start, count, what)
    }
  }

  const expectEnd = async (what: string): Promise<void> => {
    const extra = await takeUpTo(1)
    if (extra.length > 0) {
      throw new TransferkitError(
        'data/trailing-bytes',
        `${options.name}: there are more bytes after ${what}, which ends at byte ${offset - 1}. The header does not fit the file, or something was appended to it.`,
      )
    }
  }

  const close = async (): Promise<void> => {
    await chunks.return()
  }

  return { offset: () => offset, take, takeUpTo, skip, expectEnd, close }
}
