import { TransferkitError } from '@transferkit/tensor'
import type { ByteSource } from '../bytes/byte-source.js'
import { textLines, type TextReaderOptions } from './text-lines.js'

/** What {@link readLabelledLines} may be told. */
export interface LabelledLinesOptions extends TextReaderOptions {
  /** Number of classes; a label must be below it. Any label from 0 is accepted unless told. */
  readonly classCount?: number
}

/** Texts with one label each. */
export interface LabelledTexts {
  /** The texts, in the order of the file. */
  readonly texts: readonly string[]
  /** One label a text. */
  readonly labels: Int32Array
}

/**
 * Reads a text file of `label text` lines: a whole number, one space or tab, and the text up to the line feed.
 *
 * Lines are split at LF only (a CR before it is dropped), because older files hold other characters that some readers take for a line end.
 *
 * @param source The bytes of the file, compressed by gzip or not.
 * @param options Name of the file for messages, encoding, number of classes.
 * @throws TransferkitError `data/bad-text` when a line is not in the encoding, `data/bad-line` when it has no label, `data/label-out-of-range`,
 * `data/too-large` when a line is, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readLabelledLines } from '@transferkit/datasets'
 *
 * const { texts, labels } = await readLabelledLines(new TextEncoder().encode('1 a fine film\n0 a dull one\n'), { classCount: 2 })
 * ```
 */
export const readLabelledLines = async (source: ByteSource, options: LabelledLinesOptions = {}): Promise<LabelledTexts> => {
  const texts: string[] = []
  const labels: number[] = []
  const name = options.name ?? 'input'
  for await (const { number, text } of textLines(source, options)) {
    const match = /^(\d{1,9})[ \t]([^]*?)\r?$/.exec(text)
    if (match === null) {
      throw new TransferkitError(
        'data/bad-line',
        `${name}, line ${number}: expected a label (a whole number from 0), a space and the text, and found ${JSON.stringify(text.slice(0, 60))}.`,
      )
    }
    const label = Number(match[1])
    if (options.classCount !== undefined && label >= options.classCount) {
      throw new TransferkitError('data/label-out-of-range', `${name}, line ${number}: the label ${label} is not below ${options.classCount}, the number of classes.`)
    }
    labels.push(label)
    texts.push(match[2] ?? '')
  }
  return { texts, labels: Int32Array.from(labels) }
}
