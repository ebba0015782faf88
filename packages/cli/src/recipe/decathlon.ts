import { decathlonReferences } from '@transferkit/vision'
import { z } from 'zod'
import { commonFields, commonProblems, overrideProblems, repeatedNames, strategyName } from './common-schema.js'
import { targetProblems } from './comparison.js'
import { targetFields } from './target-schema.js'
import { readsText, sourceTextProblems, targetTextProblems } from './text-problems.js'
import type { RecipeProblem } from './issues.js'
import type { RecipeKind } from './recipe-kind.js'
import { settingsOf } from './settings-of.js'
import { spellingAdvice } from './spelling.js'
import { nameSchema, optionsByStrategy } from './strategy-schema.js'
import { trainingOverrides } from './training-schema.js'

const domain = z.strictObject({
  name: nameSchema,
  ...targetFields,
  training: trainingOverrides.default({}),
  strategyOptions: optionsByStrategy.default({}),
  published: z.string().min(1).optional(),
})

const score = z.strictObject({ constants: z.enum(['own', 'published']).default('own'), fineTuned: z.string().min(1).default('fine-tune') })

const recipeSchema = z.strictObject({ ...commonFields, domains: z.array(domain).min(1), score: score.prefault({}) })

/** A data set of a multi-domain benchmark, with what is different for it. */
export type DomainSettings = z.infer<typeof domain>

/**
 * A benchmark over several domains: a source network, domains, strategies, a training budget and seeds; defaults are filled in.
 *
 * It is written in YAML; `transferkit decathlon --help` shows one.
 */
export type DecathlonRecipe = z.infer<typeof recipeSchema>

/** The names of the strategies of a recipe where a field has to be one of them. */
const unknownStrategy = (name: string, names: readonly string[], problem: Omit<RecipeProblem, 'message'>): readonly RecipeProblem[] =>
  names.includes(name) ? [] : [{ ...problem, message: `the recipe has no strategy ${JSON.stringify(name)}.${spellingAdvice(name, names, 'strategies')}` }]

const domainProblems = ({ domains, training, strategies }: DecathlonRecipe): readonly RecipeProblem[] => {
  const names = strategies.map(strategyName)
  return domains.flatMap((entry, index): readonly RecipeProblem[] => {
    const path = ['domains', index]
    return [
      ...targetProblems(entry, path),
      ...overrideProblems(entry.training, settingsOf(training, entry.training), [...path, 'training']),
      ...Object.keys(entry.strategyOptions).flatMap((name) => unknownStrategy(name, names, { path: [...path, 'strategyOptions', name], atName: true })),
    ]
  })
}

const unpublished = ({ domains }: DecathlonRecipe): readonly RecipeProblem[] => {
  const names = Object.keys(decathlonReferences)
  return domains.flatMap(({ name, published }, index) => {
    const wanted = published ?? name
    const path = ['domains', index, published === undefined ? 'name' : 'published']
    return names.includes(wanted) ? [] : [{ path, message: `${JSON.stringify(wanted)} is none of the domains with published constants; say with published which one it stands for, or take constants: own.${spellingAdvice(wanted, names, 'published domains')}` }]
  })
}

const scoreProblems = (recipe: DecathlonRecipe): readonly RecipeProblem[] => {
  const { constants, fineTuned } = recipe.score
  return constants === 'own' ? unknownStrategy(fineTuned, recipe.strategies.map(strategyName), { path: ['score', 'fineTuned'] }) : unpublished(recipe)
}

const textSource = ({ source, domains }: DecathlonRecipe): readonly RecipeProblem[] =>
  readsText(source)
    ? [{ path: ['source', source.text === undefined ? 'network' : 'text'], message: 'a decathlon is for images; compare strategies on one set of texts at a time with "transferkit compare".' }]
    : [...sourceTextProblems(source), ...domains.flatMap((entry, index) => targetTextProblems(source, entry, ['domains', index]))]

/** Recipes of `transferkit decathlon`. @internal */
export const decathlon: RecipeKind<DecathlonRecipe> = {
  schema: recipeSchema,
  description: 'a recipe of a decathlon is a group of fields: source, domains, training, strategies, seeds, score. "transferkit decathlon --help" shows one.',
  problems: (recipe) => [...commonProblems(recipe), ...textSource(recipe), ...repeatedNames(recipe.domains.map(({ name }) => name), 'domains'), ...domainProblems(recipe), ...scoreProblems(recipe)],
}
