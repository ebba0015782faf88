import { TransferkitError } from '@transferkit/tensor'
import type { ArchiveEntry } from '../readers/archive-entry.js'
import { decodeImage, type DecodedImage, type DecodeImageOptions } from './decode-image.js'
import type { StepOptions } from './progress.js'

/** How a folder or an archive of images is read. */
export interface ImageFolderOptions extends DecodeImageOptions, StepOptions {
  /** Name of the data set; the path unless told. */
  readonly name?: string
  /** Names of the classes in the order of their labels; the sorted names of the class folders unless told. */
  readonly classes?: readonly string[]
  /**
   * Class of an image; the path of its folder unless told.
   *
   * @param path Path of the image below the folder or inside the archive, with `/` between its parts.
   */
  readonly classOf?: (path: string) => string
}

/** An image with what it is an example of. */
export interface ImageExample extends DecodedImage {
  /** Path of the image. */
  readonly path: string
  /** Name of its class. */
  readonly className: string
}

/** Decodes image files, several at a time, and gives them out in their order. All must come out with the same shape. */
export async function* imageExamples(
  files: AsyncIterable<ArchiveEntry>,
  place: string,
  options: ImageFolderOptions,
): AsyncGenerator<ImageExample, void, undefined> {
  const classOf = options.classOf ?? ((path: string) => path.split('/').slice(0, -1).join('/'))
  let first: ImageExample | undefined
  let done = 0
  const decode = async ({ path, bytes }: ArchiveEntry): Promise<ImageExample> => {
    const className = classOf(path)
    if (className === '') throw new TransferkitError('image/no-class', `${place}: ${path} lies in no class folder. Images are expected at <class>/<image>.`)
    if (options.classes !== undefined && !options.classes.includes(className)) {
      throw new TransferkitError('image/unknown-class', `${place}: ${path} lies in the folder ${JSON.stringify(className)}, which is not among the ${options.classes.length} classes given.`)
    }
    return { path, className, ...(await decodeImage(bytes, `${place}: ${path}`, options)) }
  }
  for await (const example of inOrder(files, decode, 8)) {
    options.signal?.throwIfAborted()
    first ??= example
    if (example.shape.join() !== first.shape.join()) {
      const [height, width, channels] = example.shape
      const [firstHeight, firstWidth, firstChannels] = first.shape
      const sizesDiffer = height !== firstHeight || width !== firstWidth
      throw new TransferkitError(
        'image/other-shape',
        `${place}: ${example.path} is ${height} x ${width} pixels with ${channels} channel${channels === 1 ? '' : 's'} (height x width), and ${first.path} is ` +
          `${firstHeight} x ${firstWidth} with ${firstChannels}. ` +
          (sizesDiffer ? 'Choose one size for all with the option resize.' : "Choose the channels for all with the option channels ('grey' or 'rgb')."),
      )
    }
    done += 1
    if (done % 100 === 0) options.onProgress?.({ kind: 'decode', dataset: options.name ?? place, done })
    yield example
  }
}

/** Whether a path is one that operating systems leave beside images. */
export const isLitter = (path: string): boolean => path.split('/').some((part) => part.startsWith('.') || part === '__MACOSX' || part === 'Thumbs.db')

async function* inOrder<In, Out>(items: AsyncIterable<In>, work: (item: In) => Promise<Out>, atOnce: number): AsyncGenerator<Out, void, undefined> {
  const running: Promise<Out>[] = []
  for await (const item of items) {
    const result = work(item)
    // It is awaited below; until then a failure must not count as unhandled.
    result.catch(() => undefined)
    running.push(result)
    const oldest = running.length >= atOnce ? running.shift() : undefined
    if (oldest !== undefined) yield await oldest
  }
  for (const result of running) yield await result
}
