import { type Regulariser, type Strategy, type TransferContext, TransferkitError, type TransferProgram } from '@transferkit/tensor'
import type { FieldPath, RecipeProblem } from '../recipe/issues.js'
import type { RecipeErrors } from '../recipe/parse-recipe.js'
import type { PlannedStrategy } from './planned-strategies.js'

interface Text {
  readonly path: FieldPath
  readonly text: string
}

const textsIn = (options: unknown, path: FieldPath = []): readonly Text[] => {
  if (typeof options === 'string') return [{ path, text: options }]
  if (typeof options !== 'object' || options === null) return []
  return Object.entries(options).flatMap(([key, value]) => textsIn(value, [...path, Array.isArray(options) ? Number(key) : key]))
}

/** Where in options the text stands that a message quotes first, such as the name of a tap; advice comes later in a message. */
const quotedOption = (options: unknown, message: string): FieldPath | undefined =>
  textsIn(options)
    .map(({ path, text }) => ({ path, place: message.indexOf(`'${text}'`) }))
    .filter(({ place }) => place !== -1)
    .sort((a, b) => a.place - b.place)[0]?.path

/**
 * Makes sure that all strategies fit the source network and the data before the first of them is trained, so that a tap or an architecture that there
 * is not is not found after hours.
 *
 * @param parsed The recipe.
 * @param planned The strategies.
 * @param context The source and the target's task.
 * @throws TransferkitError `recipe/invalid` with everything that does not fit, each in its place.
 * @internal
 */
export const checkStrategies = ({ error }: RecipeErrors, planned: readonly PlannedStrategy[], context: TransferContext): void => {
  const problems: RecipeProblem[] = []

  const attempt = <T>(path: FieldPath, options: unknown, work: () => T): T | undefined => {
    try {
      return work()
    } catch (cause) {
      if (!TransferkitError.isInstance(cause)) throw cause
      const option = quotedOption(options, cause.message)
      problems.push({ path: option === undefined ? path : [...path, 'options', ...option], message: cause.message })
      return undefined
    }
  }

  const expectsTargetData = ({ name, usesSourceData = false }: Strategy | Regulariser, path: FieldPath): void => {
    if (usesSourceData) problems.push({ path, message: `'${name}' learns from source-domain examples beside those of the target, which a recipe cannot give. Use it in a program, with transfer of @transferkit/training.` })
  }

  for (const { strategy, entry, path } of planned) {
    const { structure, regularisers } = strategy.composition ?? { structure: strategy, regularisers: [] }
    expectsTargetData(structure, path)
    const program = attempt(path, entry.options, (): TransferProgram => structure.prepare(context))
    if (program === undefined) continue
    const before = problems.length
    for (const [index, regulariser] of regularisers.entries()) {
      const place = [...path, 'regularisers', index]
      expectsTargetData(regulariser, place)
      // What runs its own steps cannot be added to, whatever the regulariser would say.
      if (program.step === undefined) attempt(place, entry.regularisers[index]?.options, () => regulariser.prepare(context, program))
    }
    if (regularisers.length > 0 && problems.length === before) attempt([...path, 'regularisers'], {}, () => strategy.prepare(context))
  }
  if (problems.length > 0) throw error(problems)
}
