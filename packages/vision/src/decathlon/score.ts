import { nearestSpelling, TransferkitError } from '@transferkit/tensor'

/** Accuracies by name of the domain, from 0 to 1. */
export type DomainAccuracies = Readonly<Record<string, number>>

/** Points of a decathlon. */
export interface DecathlonScore {
  /** Sum of the points of all domains; at most 1000 times their number. */
  readonly total: number
  /** Points by name of the domain, 0 to 1000. */
  readonly domains: Readonly<Record<string, number>>
  /** Mean accuracy over the domains, 0 to 1. */
  readonly meanAccuracy: number
}

const named = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ')

const lacking = (name: string, others: readonly string[]): string => {
  const nearest = nearestSpelling(name, others)
  return `'${name}'${nearest === undefined ? '' : ` (is '${nearest}' meant?)`}`
}

/** Each domain that is counted must have both numbers: a domain that is left out would silently lower or shift the score. */
const checkDomains = (accuracies: DomainAccuracies, references: DomainAccuracies): void => {
  const [measured, expected] = [Object.keys(accuracies), Object.keys(references)]
  const surplus = measured.filter((name) => !expected.includes(name))
  const missing = expected.filter((name) => !measured.includes(name))
  if (expected.length > 0 && surplus.length === 0 && missing.length === 0) return
  const problems = [
    ...(missing.length === 0 ? [] : [`There is no accuracy for ${missing.map((name) => lacking(name, surplus)).join(', ')}.`]),
    ...(surplus.length === 0 ? [] : [`There is no reference for ${surplus.map((name) => lacking(name, missing)).join(', ')}.`]),
  ]
  throw new TransferkitError(
    'decathlon/domains',
    `A decathlon score needs one accuracy and one reference for the same domains. ${problems.join(' ')} The references are for: ${named(expected) || 'no domain'}.`,
  )
}

const checkAccuracies = (what: string, accuracies: DomainAccuracies): void => {
  const wrong = Object.entries(accuracies).find(([, accuracy]) => !(accuracy >= 0 && accuracy <= 1))
  if (wrong === undefined) return
  const [name, accuracy] = wrong
  throw new TransferkitError('decathlon/accuracy', `The ${what} of '${name}' is ${accuracy}, but accuracies are from 0 to 1${accuracy > 1 && accuracy <= 100 ? `: is it in per cent? Then give ${accuracy / 100}` : ''}.`)
}

const checkReferences = (references: DomainAccuracies): void => {
  const perfect = Object.keys(references).find((name) => references[name] === 1)
  if (perfect === undefined) return
  throw new TransferkitError(
    'decathlon/perfect-reference',
    `The fine-tuned network makes no error on '${perfect}', and points are errors in units of its error. Leave the domain out, or test on more examples.`,
  )
}

/**
 * The score of the Visual Decathlon: points for each domain by how far the error stays below twice the error of a fine-tuned network.
 *
 * ```text
 * E_d     = 1 - accuracy of domain d
 * Emax_d  = 2 (1 - reference accuracy of d)       the reference is a fully fine-tuned network
 * score   = Σ_d  1000 / Emax_d²  max(0, Emax_d - E_d)²
 * ```
 *
 * The references themselves score 250 a domain; no error at all scores 1000 a domain; a domain with twice the reference's error, or more, scores 0.
 *
 * @param accuracies Accuracy of each domain, 0 to 1.
 * @param references Accuracy of a fine-tuned network on the same domains, 0 to 1: {@link decathlonReferences}, or one's own runs.
 * @throws TransferkitError `decathlon/domains` when the two are not for the same domains, `decathlon/accuracy` when one is not from 0 to 1,
 * `decathlon/perfect-reference` when a reference makes no error.
 *
 * @example
 * ```ts
 * import { decathlonScore } from '@transferkit/vision'
 *
 * decathlonScore({ digits: 0.97, signs: 0.8 }, { digits: 0.95, signs: 0.8 }).domains // digits 490, signs 250
 * ```
 */
export const decathlonScore = (accuracies: DomainAccuracies, references: DomainAccuracies): DecathlonScore => {
  checkAccuracies('accuracy', accuracies)
  checkAccuracies('reference accuracy', references)
  checkDomains(accuracies, references)
  checkReferences(references)
  const points = Object.entries(references).map(([name, reference]) => {
    const largestError = 2 * (1 - reference)
    const share = Math.max(0, 1 - (1 - (accuracies[name] ?? 0)) / largestError)
    return [name, 1000 * share ** 2] as const
  })
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
  return { total: sum(points.map(([, value]) => value)), domains: Object.fromEntries(points), meanAccuracy: sum(Object.values(accuracies)) / points.length }
}
