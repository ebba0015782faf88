import { TransferkitError } from '@transferkit/tensor'
import { type ByteSource, joinChunks, type ReaderOptions, resolveReaderOptions, tooLarge } from '../bytes/byte-source.js'
import { byteCursor } from '../bytes/cursor.js'
import { decompressed } from '../bytes/decompress.js'

/** What {@link readCifarBinary} may be told. */
export interface CifarReaderOptions extends ReaderOptions {
  /** Which of the two sets: CIFAR-10 has one label an image (0 to 9), CIFAR-100 a coarse (0 to 19) and a fine one (0 to 99). */
  readonly variant: 'cifar-10' | 'cifar-100'
}

/** Images and labels of a CIFAR file. */
export interface CifarData {
  /** Images of shape `[32, 32, 3]`, one after the other, as bytes. */
  readonly inputs: Uint8Array
  /** One label an image; for CIFAR-100 the fine label. */
  readonly labels: Int32Array
  /** One coarse label an image; for CIFAR-10 the same as `labels`. */
  readonly coarseLabels: Int32Array
}

const pixels = 32 * 32

/**
 * Reads a file of the binary version of CIFAR-10 or CIFAR-100, compressed by gzip or not.
 *
 * The file stores each image as one or two labels and three planes (red, green, blue); the result is NHWC.
 *
 * @param source The bytes of the file.
 * @param options Which set it is, name of the file for messages, the most memory to use.
 * @throws TransferkitError `data/truncated` when the last image is not complete, `data/label-out-of-range`, `data/too-large`, `data/corrupt-gzip`.
 *
 * @example
 * ```ts
 * import { readCifarBinary } from '@transferkit/datasets'
 *
 * const oneBlackFrog = Uint8Array.of(6, ...new Uint8Array(3072))
 * const { inputs, labels } = await readCifarBinary(oneBlackFrog, { variant: 'cifar-10' })
 * ```
 */
export const readCifarBinary = async (source: ByteSource, options: CifarReaderOptions): Promise<CifarData> => {
  const resolved = resolveReaderOptions(options)
  const { name, maximumBytes } = resolved
  const labelBytes = options.variant === 'cifar-10' ? 1 : 2
  const [coarseClasses, fineClasses] = options.variant === 'cifar-10' ? [10, 10] : [20, 100]
  const recordSize = labelBytes + 3 * pixels
  const cursor = byteCursor(decompressed(source, { name }), resolved)
  const images: Uint8Array[] = []
  const labels: number[] = []
  const coarseLabels: number[] = []
  try {
    for (;;) {
      const start = cursor.offset()
      const record = await cursor.takeUpTo(recordSize)
      if (record.length === 0) break
      if (record.length < recordSize) {
        throw new TransferkitError(
          'data/truncated',
          `${name}: the file ends within image ${labels.length} (${record.length} of its ${recordSize} bytes from byte ${start} are there). ` +
            `Is it a ${options.variant} file? Otherwise fetch it again.`,
        )
      }
      const coarse = record[0] ?? 0
      const fine = record[labelBytes - 1] ?? 0
      if (coarse >= coarseClasses || fine >= fineClasses) {
        throw new TransferkitError(
          'data/label-out-of-range',
          `${name}: image ${labels.length}, at byte ${start}, has the label ${coarse >= coarseClasses ? coarse : fine}, and ` +
            `${coarse >= coarseClasses ? coarseClasses : fineClasses} is the number of classes. Is it a ${options.variant} file?`,
        )
      }
      if ((labels.length + 1) * 3 * pixels > maximumBytes) throw tooLarge(name, (labels.length + 1) * 3 * pixels, maximumBytes)
      const image = new Uint8Array(3 * pixels)
      for (let channel = 0; channel < 3; channel++) {
        for (let pixel = 0; pixel < pixels; pixel++) image[pixel * 3 + channel] = record[labelBytes + channel * pixels + pixel] ?? 0
      }
      images.push(image)
      labels.push(fine)
      coarseLabels.push(coarse)
    }
  } finally {
    await cursor.close()
  }
  return { inputs: joinChunks(images, images.length * 3 * pixels), labels: Int32Array.from(labels), coarseLabels: Int32Array.from(coarseLabels) }
}
