import { TransferkitError } from '@transferkit/tensor'
import { copyGreyToRgb, copyRgbToGrey } from '../transforms/colour.js'
import type { ImageShape } from '../transforms/image-shape.js'
import { resizeImage } from '../transforms/resize-image.js'
import { copyWindow } from '../transforms/window.js'

/** Size to which images are brought when they are read, and how. */
export interface ImageSize {
  /** Height in pixels. */
  readonly height: number
  /** Width in pixels. */
  readonly width: number
  /**
   * What becomes of the ratio of the sides: `fill` changes it (the image is squeezed), `cover` keeps it (the image is resized to cover the size and what
   * reaches beyond it is cut off on both sides).
   */
  readonly fit: 'fill' | 'cover'
}

/** What is made of an image file. */
export interface DecodeImageOptions {
  /** Channels of the result. Unless told they are as stored: 1 for a grey image, 3 for a colour image. */
  readonly channels?: 'grey' | 'rgb'
  /** Size of the result; as stored unless told. Antialiased bilinear, as {@link resize} does it. */
  readonly resize?: ImageSize
  /** Most pixels that an image may have before it is resized, 2^26 (8192 x 8192) unless told, our choice: 192 MiB of RGB. */
  readonly maximumPixels?: number
}

/** An image in memory, as {@link decodeImage} gives it: bytes as they were stored, neither scaled nor normalised. */
export interface DecodedImage {
  /** `height · width · channels` values from 0 to 255, row by row from the top, the channels of a pixel side by side (red, green, blue). */
  readonly pixels: Uint8Array
  /** Height and width in pixels, and the number of channels: 1 for grey, 3 for colour. */
  readonly shape: readonly [number, number, number]
}

/**
 * Decodes an image file (JPEG, PNG, WebP, GIF, TIFF) to bytes.
 *
 * Values are taken as they are stored: colour profiles and the orientation tag are not applied, as in PyTorch's image folders.
 *
 * @param file The bytes of the file.
 * @param name Name of the file for messages.
 * @param options Channels and size of the result.
 * @throws TransferkitError `image/corrupt` when it cannot be decoded, `image/too-large`, `image/transparent` when it has pixels that are not opaque.
 *
 * @example
 * ```ts no-run
 * import { readFile } from 'node:fs/promises'
 * import { decodeImage } from '@transferkit/datasets/node'
 *
 * const { pixels, shape } = await decodeImage(await readFile('cat.jpg'), 'cat.jpg', { channels: 'rgb', resize: { height: 64, width: 64, fit: 'cover' } })
 * ```
 */
export const decodeImage = async (file: Uint8Array, name: string, options: DecodeImageOptions = {}): Promise<DecodedImage> => {
  const { data, info } = await decodeStored(file, name, options)
  const stored = { height: info.height, width: info.width }
  const opaque = withoutAlpha(data, info.channels, name)
  const storedChannels = opaque.length / (stored.height * stored.width)
  const channels = options.channels === undefined ? storedChannels : options.channels === 'grey' ? 1 : 3
  let pixels = opaque
  if (channels !== storedChannels) {
    pixels = new Uint8Array(stored.height * stored.width * channels)
    ;(channels === 3 ? copyGreyToRgb : copyRgbToGrey)(opaque, pixels)
  }
  if (options.resize === undefined) return { pixels, shape: [stored.height, stored.width, channels] }
  const { height, width } = options.resize
  return { pixels: fitted(pixels, { ...stored, channels }, options.resize), shape: [height, width, channels] }
}

const decodeStored = async (
  file: Uint8Array,
  name: string,
  { channels, maximumPixels = 2 ** 26 }: DecodeImageOptions,
): Promise<{ data: Uint8Array; info: { height: number; width: number; channels: number } }> => {
  // Loaded here so that a program that decodes no image does not load the native library.
  const { default: sharp } = await import('sharp')
  try {
    const image = sharp(file, { limitInputPixels: maximumPixels, ignoreIcc: true, failOn: 'warning' })
    // Left alone, the library repeats grey values to RGB. Where that is wanted, the header need not be read first, which is half of the time.
    const isGrey = channels !== 'rgb' && (await image.metadata()).channels <= 2
    return await (isGrey ? image.toColourspace('b-w') : image).raw().toBuffer({ resolveWithObject: true })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (reason.includes('pixel limit')) {
      throw new TransferkitError('image/too-large', `${name}: the image has more than the ${maximumPixels} pixels that are permitted. If it is sound, raise the option maximumPixels.`, { cause: error })
    }
    throw new TransferkitError('image/corrupt', `${name}: the image cannot be decoded (${reason}). Mend it or take it out.`, { cause: error })
  }
}

const withoutAlpha = (data: Uint8Array, channels: number, name: string): Uint8Array => {
  if (channels === 1 || channels === 3) return data
  const kept = channels - 1
  const opaque = new Uint8Array((data.length / channels) * kept)
  for (let pixel = 0; pixel * channels < data.length; pixel++) {
    if (data[pixel * channels + kept] !== 255) {
      throw new TransferkitError('image/transparent', `${name}: the image has pixels that are not opaque, and what shows through them is not known. Put it on a background first.`)
    }
    opaque.set(data.subarray(pixel * channels, pixel * channels + kept), pixel * kept)
  }
  return opaque
}

const fitted = (pixels: Uint8Array, image: ImageShape, size: ImageSize): Uint8Array => {
  const scale = size.fit === 'fill' ? undefined : Math.max(size.height / image.height, size.width / image.width)
  const covering =
    scale === undefined
      ? size
      : { height: Math.max(size.height, Math.round(image.height * scale)), width: Math.max(size.width, Math.round(image.width * scale)) }
  const resized = resizeImage(pixels, image, covering, true)
  const result = new Uint8Array(size.height * size.width * image.channels)
  copyWindow(resized, { ...covering, channels: image.channels }, result, {
    top: Math.floor((covering.height - size.height) / 2),
    left: Math.floor((covering.width - size.width) / 2),
    height: size.height,
    width: size.width,
  })
  return result
}
