import { inference, type Network, randomKey, scope, type Shape, type Strategy, type TransferContext, TransferkitError, type Variables, zeros } from '@transferkit/tensor'
import type { FieldPath } from '../recipe/issues.js'
import type { RecipeErrors } from '../recipe/parse-recipe.js'

/** The images of a recipe. @internal */
export interface RecipeImages {
  /** The field that decides their shape. */
  readonly path: FieldPath
  /** Name of their data set. */
  readonly dataset: string
  /** Shape of one of them, as the network sees it. */
  readonly shape: Shape
}

const imagesText = ({ dataset, shape }: RecipeImages): string => `${dataset} gives images of [${shape.join(', ')}]`

/** Does what takes images of a size; where they do not fit, the recipe is to blame. */
const withSize = <T>({ error }: RecipeErrors, images: RecipeImages, misfit: string, work: () => T): T => {
  try {
    return work()
  } catch (cause) {
    if (!TransferkitError.isInstance(cause)) throw cause
    throw error([{ path: images.path, message: `${imagesText(images)}, ${misfit}: ${cause.message}` }])
  }
}

/**
 * Makes sure that the images of a target have as many channels as those of the source network.
 *
 * @param parsed The recipe.
 * @param images The images of the target.
 * @param network The source network.
 * @throws TransferkitError `recipe/invalid`.
 * @internal
 */
export const checkChannels = (parsed: RecipeErrors, images: RecipeImages, { name, inputShape }: Network): void => {
  const { path, shape } = images
  if (shape.length === inputShape.length && shape.at(-1) === inputShape.at(-1)) return
  throw parsed.error([{ path, message: `${imagesText(images)}, but the network ${name} takes [${inputShape.join(', ')}], with another number of channels. Add a transform that makes them fit, such as greyToRgb or rgbToGrey.` }])
}

const runsOn = (shape: Shape, network: Network, variables: Variables): boolean => {
  try {
    scope(() => void network.apply(variables, zeros([1, ...shape]), inference))
    return true
  } catch (cause) {
    if (!TransferkitError.isInstance(cause)) throw cause
    return false
  }
}

/**
 * Makes sure that strategies take images of the size of a target's, so that a wrong size is not found after hours.
 *
 * @param parsed The recipe.
 * @param images The images of the target.
 * @param strategies What is trained on them.
 * @param context The source network, trained or not, and the task.
 * @throws TransferkitError `recipe/invalid` with the size that the source was made for.
 * @internal
 */
export const checkImageSize = (parsed: RecipeErrors, images: RecipeImages, strategies: readonly Strategy[], context: TransferContext): void => {
  const { network, variables } = context.source
  // Most strategies run the source; those that do not are asked only where it does not run, because to begin each of them takes its time.
  if (runsOn(images.shape, network, variables)) return
  for (const strategy of strategies) {
    withSize(parsed, images, `which ${strategy.name} cannot take with the network ${network.name}, made for [${network.inputShape.join(', ')}]`, () => {
      scope(() => {
        const program = strategy.prepare(context)
        program.forward(program.init(randomKey(1)), zeros([1, ...images.shape]), inference)
      })
    })
  }
}

/**
 * The random start of a network, for whoever looks at it before it is trained.
 *
 * @param parsed The recipe.
 * @param images The images that it is going to be trained on.
 * @param network The network.
 * @returns Tensors of the scope around the call.
 * @throws TransferkitError `recipe/invalid` where the images are of a size that there is no such network for.
 * @internal
 */
export const startForImages = (parsed: RecipeErrors, images: RecipeImages, network: Network): Variables =>
  withSize(parsed, images, `a size that the network ${network.name} cannot take`, () => network.init(randomKey(1), [1, ...images.shape]))
