import { textNetworks } from '@transferkit/nlp'
import type { FieldPath, RecipeProblem } from './issues.js'
import type { SourceSettings } from './source-schema.js'
import { spellingAdvice } from './spelling.js'
import type { TargetSettings } from './target-schema.js'

/** Name of the simple classifier beside the strategies of a text recipe, in tables and folders. @internal */
export const baselineName = 'tf-idf + logistic regression'

/**
 * Whether a recipe is about texts, which its source network tells.
 *
 * @param source The source of the recipe.
 * @internal
 */
export const readsText = ({ network, text }: SourceSettings): boolean => text !== undefined || (network !== undefined && Object.hasOwn(textNetworks, network))

/** Whether a field says something. */
const isGiven = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0)

const givenFields = (fields: Readonly<Record<string, unknown>>, path: FieldPath, message: string): readonly RecipeProblem[] =>
  Object.entries(fields).flatMap(([name, value]) => (isGiven(value) ? [{ path: [...path, name], message }] : []))

/**
 * What is wrong with a source of texts, or with fields for texts of another source.
 *
 * @param source The source.
 * @internal
 */
export const sourceTextProblems = (source: SourceSettings): readonly RecipeProblem[] => {
  const { network = '', text, normalise, model, pretrain, weights, untrained } = source
  const path = ['source']
  if (!readsText(source)) {
    const message = `is for texts, and the network ${network} is none for texts; those are ${Object.keys(textNetworks).join(', ')}.`
    if (untrained === true) return [{ path: [...path, 'untrained'], message: `is for networks for texts; those are ${Object.keys(textNetworks).join(', ')}.` }]
    return pretrain === undefined ? [] : givenFields({ texts: pretrain.texts, task: pretrain.task, nextWords: pretrain.nextWords, tied: pretrain.tied }, [...path, 'pretrain'], message)
  }
  if (!Object.hasOwn(textNetworks, network)) return [{ path: [...path, 'network'], message: `there is no text network ${JSON.stringify(network)}; text in this recipe asks for one.${spellingAdvice(network, Object.keys(textNetworks), 'text networks')}` }]
  const message = `is for images, and ${network} is a network for texts.`
  const isLanguageModel = pretrain?.task === 'language-model'
  return [
    ...givenFields({ normalise, model }, path, message),
    ...(pretrain === undefined ? [] : givenFields({ images: pretrain.images, transforms: pretrain.transforms, augment: pretrain.augment }, [...path, 'pretrain'], message)),
    ...(pretrain === undefined || isLanguageModel ? [] : givenFields({ nextWords: pretrain.nextWords, tied: pretrain.tied }, [...path, 'pretrain'], 'is for the task language-model.')),
    ...(weights === undefined || text === undefined ? [] : givenFields({ tokeniser: text.tokeniser, maximumLength: text.maximumLength }, [...path, 'text'], 'is kept with the weights of the network, so it cannot be chosen here.')),
  ]
}

/**
 * What is wrong with a target, as to texts and images.
 *
 * @param source The source of the recipe.
 * @param target The target.
 * @param path Where the target stands.
 * @internal
 */
export const targetTextProblems = (source: SourceSettings, { images, transforms, augment, texts, baseline }: TargetSettings, path: FieldPath): readonly RecipeProblem[] =>
  readsText(source)
    ? givenFields({ images, transforms, augment }, path, `is for images, and ${source.network ?? 'the source'} is a network for texts.`)
    : givenFields({ texts, baseline }, path, `is for texts, and the source network ${source.network ?? ''} is none for texts; those are ${Object.keys(textNetworks).join(', ')}.`)
