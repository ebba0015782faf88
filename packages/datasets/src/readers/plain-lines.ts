import type { ByteSource } from '../bytes/byte-source.js'
import { textLines, type TextReaderOptions } from './text-lines.js'

/**
 * Reads a text file line by line, such as unlabelled text for a language model. A CR before the line feed is dropped; lines without a character other than
 * space are passed over.
 *
 * @param source The bytes of the file, compressed by gzip or not; lines are given out as they arrive.
 * @param options Name of the file for messages, encoding.
 * @throws TransferkitError `data/bad-text` when a line is not in the encoding, `data/too-large` when a line is, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readPlainLines } from '@transferkit/datasets'
 *
 * const lines: string[] = []
 * for await (const line of readPlainLines(new TextEncoder().encode('first\nsecond\n'))) lines.push(line)
 * ```
 */
export async function* readPlainLines(source: ByteSource, options: TextReaderOptions = {}): AsyncGenerator<string, void, undefined> {
  for await (const { text } of textLines(source, options)) {
    if (text.trim() !== '') yield text.endsWith('\r') ? text.slice(0, -1) : text
  }
}
