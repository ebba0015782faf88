import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, chunksOf, joinChunks, type ReaderOptions, resolveReaderOptions, tooLarge } from '../bytes/byte-source.js'
import { decompressed } from '../bytes/decompress.js'

/** How the characters of a text file are stored: `utf-8` (checked strictly) or `latin1` (ISO 8859-1: each byte is the character of that number). */
export type TextEncodingName = 'utf-8' | 'latin1'

/** What a reader of text files may be told. */
export interface TextReaderOptions extends ReaderOptions {
  /** How characters are stored, `utf-8` unless told. */
  readonly encoding?: TextEncodingName
}

/** A line of a text file. */
export interface TextLine {
  /** Number of the line, from 1. */
  readonly number: number
  /** Text of the line without its line feed. */
  readonly text: string
}

/** Lines of a text file, split at LF only; a byte-order mark at the start is dropped. */
export async function* textLines(source: ByteSource, options: TextReaderOptions): AsyncGenerator<TextLine, void, undefined> {
  const { name, maximumBytes } = resolveReaderOptions(options)
  const decode = decoderOf(options.encoding ?? 'utf-8', name)
  let number = 1
  let parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunksOf(decompressed(source, { name }))) {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end))
      yield { number, text: decode(joinChunks(parts, length + end - start), number) }
      number += 1
      parts = []
      length = 0
      start = end + 1
    }
    parts.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > maximumBytes) throw tooLarge(`${name}, line ${number}`, length, maximumBytes)
  }
  if (length > 0) yield { number, text: decode(joinChunks(parts, length), number) }
}

const decoderOf = (encoding: TextEncodingName, name: string): ((bytes: Uint8Array, number: number) => string) => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (bytes, number) => {
    let text: string
    if (encoding === 'latin1') {
      text = latin1(bytes)
    } else {
      try {
        text = strict.decode(bytes)
      } catch (error) {
        throw new TransferkitError(
          'data/bad-text',
          `${name}, line ${number}: the line is not valid UTF-8. If the file is in ISO 8859-1, set the option encoding to 'latin1'; otherwise fetch it again.`,
          { cause: error },
        )
      }
      if (number === 1 && text.startsWith('\ufeff')) text = text.slice(1)
    }
    if (text.includes('\0')) {
      throw new TransferkitError('data/bad-text', `${name}, line ${number}: the line holds a zero byte, so this is no text file (or it is in UTF-16; convert it to UTF-8).`)
    }
    return text
  }
}

// TextDecoder's latin1 is windows-1252, which gives 0x80 to 0x9f other characters.
const latin1 = (bytes: Uint8Array): string => {
  let text = ''
  for (let start = 0; start < bytes.length; start += 8192) text += String.fromCharCode(...bytes.subarray(start, start + 8192))
  return text
}
