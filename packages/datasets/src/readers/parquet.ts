import { TransferkitError } from '@transferkit/tensor'
import type { SchemaTree } from 'hyparquet'
import { type ByteSource, readAllBytes, type ReaderOptions, resolveReaderOptions, tooLarge } from '../bytes/byte-source.js'

/** What {@link readParquet} may be told. */
export interface ParquetReaderOptions extends ReaderOptions {
  /** Names of the columns to read; all of them unless told. */
  readonly columns?: readonly string[]
}

/** Columns of a Parquet file. */
export interface ParquetData {
  /** Number of rows. */
  readonly rowCount: number
  /** Values of each column, by name: strings, numbers, big integers, bytes, `null` where the file has none, and objects for nested columns. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>
}

/**
 * Reads columns of a Parquet file, with any of the usual compressions.
 *
 * @param source The bytes of the file; its directory is at its end, so it is read whole.
 * @param options Which columns, name of the file for messages, the most memory for the file and for its unpacked columns.
 * @returns The number of rows, and for each column one value a row. Binary columns that the file does not mark as text are bytes.
 * @throws TransferkitError `data/corrupt-parquet` when it is no Parquet file or is damaged, `data/unknown-column`, `data/too-large`.
 *
 * @example
 * ```ts no-run
 * import { readParquet } from '@transferkit/datasets'
 *
 * declare const bytes: Uint8Array
 * const { columns } = await readParquet(bytes, { name: 'train.parquet', columns: ['text', 'label'] })
 * const texts = columns.get('text')?.map(String) ?? []
 * const labels = columns.get('label')?.map(Number) ?? [] // 64-bit integers come as big integers
 * ```
 */
export const readParquet = async (source: ByteSource, options: ParquetReaderOptions = {}): Promise<ParquetData> => {
  const resolved = resolveReaderOptions(options)
  const { name, maximumBytes } = resolved
  const bytes = await readAllBytes(source, resolved)
  // Loaded here so that reading anything else does not pay for them.
  const [{ parquetMetadataAsync, parquetReadObjects, parquetSchema, snappyUncompress }, { compressors }] = await Promise.all([import('hyparquet'), import('hyparquet-compressors')])
  const file = {
    byteLength: bytes.length,
    slice: async (start: number, end?: number): Promise<ArrayBuffer> => Promise.resolve(bytes.buffer.slice(start, end)),
  }
  const corrupt = (error: unknown): TransferkitError =>
    TransferkitError.isInstance(error)
      ? error
      : new TransferkitError(
          'data/corrupt-parquet',
          `${name}: not a sound Parquet file (${error instanceof Error ? error.message : String(error)}). Fetch the file again.`,
          { cause: error },
        )
  try {
    if (bytes.length < 12) throw new Error('it is shorter than an empty Parquet file')
    const metadata = await parquetMetadataAsync(file)
    const available = metadata.schema.filter((element) => element.num_children === undefined).map((element) => element.name)
    const known = new Set(metadata.schema.slice(1).map((element) => element.name))
    const unknown = options.columns?.find((column) => !known.has(column))
    if (unknown !== undefined) {
      throw new TransferkitError('data/unknown-column', `${name}: there is no column ${JSON.stringify(unknown)}. The columns are: ${available.join(', ')}.`)
    }
    const rowCount = Number(metadata.num_rows)
    // What the directory claims is checked before anything is allocated for it. A value takes 8 bytes or more once it is a JavaScript value.
    const claimed = metadata.row_groups.reduce(
      (total, group) =>
        total + group.columns.reduce((sum, { meta_data: column }) => sum + Math.max(Number(column?.total_uncompressed_size ?? 0), 8 * Number(column?.num_values ?? 0)), 0),
      0,
    )
    if (!(rowCount >= 0) || !(claimed >= 0) || metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0) !== rowCount) {
      throw new Error('the numbers of rows in its directory contradict each other')
    }
    if (Math.max(claimed, 8 * rowCount) > maximumBytes) throw tooLarge(name, Math.max(claimed, 8 * rowCount), maximumBytes)
    // The library starts to read one column before it looks at the path of the next, and a failure of the first would then be nobody's.
    const leaves = new Set(leafPaths(parquetSchema(metadata)))
    const strange = metadata.row_groups.flatMap((group) => group.columns).find(({ meta_data: column }) => column === undefined || !leaves.has(column.path_in_schema.join('\0')))
    if (strange !== undefined) throw new Error('its directory has a column that is not in its schema')
    const rows = await parquetReadObjects({
      file,
      metadata,
      utf8: false,
      ...(options.columns === undefined ? {} : { columns: [...options.columns] }),
      compressors: boundedCompressors({ ...compressors, SNAPPY: snappyCompressor(snappyUncompress) }, Math.max(claimed, 1024)),
    })
    if (rows.length !== rowCount) throw new Error(`${rowCount} rows were expected and ${rows.length} are there`)
    const names = options.columns ?? Object.keys(rows[0] ?? {})
    return { rowCount, columns: new Map(names.map((column) => [column, rows.map((row): unknown => row[column])])) }
  } catch (error) {
    throw corrupt(error)
  }
}

const leafPaths = (tree: SchemaTree): readonly string[] => (tree.children.length === 0 ? [tree.path.join('\0')] : tree.children.flatMap(leafPaths))

type Decompress = (input: Uint8Array, outputLength: number) => Uint8Array | Promise<Uint8Array>

const snappyCompressor =
  (uncompress: (input: Uint8Array, output: Uint8Array) => void): Decompress =>
  (input, outputLength) => {
    const output = new Uint8Array(outputLength)
    uncompress(input, output)
    return output
  }

/** A page cannot be larger than what the directory says of all columns; a larger claim gets no memory. */
const boundedCompressors = (compressors: Readonly<Record<string, Decompress | undefined>>, limit: number): Record<string, Decompress> =>
  Object.fromEntries(
    Object.entries(compressors).flatMap(([codec, decompress]) =>
      decompress === undefined
        ? []
        : [
            [
              codec,
              (input: Uint8Array, outputLength: number) => {
                if (outputLength < 0 || outputLength > limit) throw new Error(`a page claims ${outputLength} bytes`)
                return decompress(input, outputLength)
              },
            ],
          ],
    ),
  )
