import { TransferkitError } from '@transferkit/tensor'
import { decathlonReferences, decathlonScore, type DomainAccuracies } from '@transferkit/vision'
import { spellingAdvice } from '../recipe/spelling.js'
import type { DecathlonResultRow, DecathlonResults } from './decathlon-results.js'
import { type Estimate, estimateOf, pairedBySeed, readingOf } from './estimate.js'
import { accuracyText, counted, decimal, multipleText, signed } from './format.js'

/** A domain of a decathlon. */
export interface DomainSummary {
  /** Name in the recipe. */
  readonly name: string
  /** Its data set. */
  readonly dataset: string
  /** Number of examples that were trained on. */
  readonly examples: number
  /** Number of examples that were tested on. */
  readonly testExamples: number
  /** Accuracy of fine-tuning that the score refers to, from 0 to 1; absent where the domain is left out of the score. */
  readonly reference?: number
}

/** What one strategy reached on one domain. */
export interface DomainResult {
  /** Accuracy, from 0 to 1. */
  readonly accuracy: Estimate
  /** Points of the mean accuracy, from 0 to 1000; absent where the domain is left out of the score. */
  readonly points?: number
}

/** What came out for one strategy over all domains. */
export interface DecathlonStrategy {
  /** Name of the entry in the recipe. */
  readonly name: string
  /** Identifier of the strategy. */
  readonly strategy: string
  /** Results by name of the domain; without those that are not finished. */
  readonly domains: Readonly<Record<string, DomainResult>>
  /** Mean accuracy over the domains, from 0 to 1, over the seeds that are finished on all domains; absent while there is none. */
  readonly accuracy?: Estimate
  /** That less the one of fine-tuning, paired by seed; absent for fine-tuning itself. */
  readonly difference?: Estimate
  /** Score over all domains, over the same seeds; absent where no domain scores or none is finished. */
  readonly score?: Estimate
  /** Parameters of all domains and the one base, without classifiers, as a multiple of the base: as published. */
  readonly multiple: number
  /** The same with the classifiers. */
  readonly multipleWithHeads: number
  /** Numbers stored for all domains together, classifiers included. */
  readonly privateParameters: number
}

/** What a decathlon says. */
export interface DecathlonSummary {
  /** The domains, in the order of the rows. */
  readonly domains: readonly DomainSummary[]
  /** The strategies, in the order of the rows. */
  readonly strategies: readonly DecathlonStrategy[]
  /** The strategy with the highest score, or mean accuracy where there is no score. */
  readonly best: DecathlonStrategy
  /** The main finding in one sentence. */
  readonly headline: string
  /** Other findings and warnings, a sentence each. */
  readonly remarks: readonly string[]
}

const unique = <T>(items: readonly T[]): readonly T[] => [...new Set(items)]

const rowsOf = (rows: readonly DecathlonResultRow[], name: string, domain: string): readonly DecathlonResultRow[] => rows.filter((row) => row.name === name && row.domain === domain).sort((a, b) => a.seed - b.seed)

const meanOf = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0) / values.length

/** The accuracy that the points of a domain refer to. */
const referenceOf = (domain: string, { rows, score }: DecathlonResults): number | undefined => {
  if (score.constants === 'own') {
    const own = rowsOf(rows, score.fineTuned, domain).map(({ accuracy }) => accuracy)
    return own.length === 0 ? undefined : meanOf(own)
  }
  const name = score.published[domain] ?? domain
  const references: DomainAccuracies = decathlonReferences
  if (!Object.hasOwn(references, name)) {
    throw new TransferkitError(
      'decathlon/not-published',
      `The domain ${JSON.stringify(domain)} has no published constant under the name ${JSON.stringify(name)}.${spellingAdvice(name, Object.keys(references), 'published domains')} Name one with published, or take constants: own.`,
    )
  }
  return references[name]
}

/** Points are errors in units of that of fine-tuning, so that a fine-tuned network without error leaves no scale. */
const scores = (reference: number | undefined): reference is number => reference !== undefined && reference < 1

const onlyDomains = (accuracies: DomainAccuracies, references: DomainAccuracies): DomainAccuracies => Object.fromEntries(Object.keys(references).map((name) => [name, accuracies[name] ?? Number.NaN]))

/** For each seed that is finished on all domains, what it gave. */
const completeSeeds = (rows: readonly DecathlonResultRow[], name: string, domains: readonly string[]): ReadonlyMap<number, DomainAccuracies> => {
  const own = rows.filter((row) => row.name === name)
  const seeds = unique(own.map(({ seed }) => seed)).filter((seed) => domains.every((domain) => own.some((row) => row.seed === seed && row.domain === domain)))
  return new Map(seeds.map((seed) => [seed, Object.fromEntries(own.filter((row) => row.seed === seed).map(({ domain, accuracy }) => [domain, accuracy]))]))
}

const mapValues = <V, W>(map: ReadonlyMap<number, V>, change: (value: V) => W): ReadonlyMap<number, W> => new Map([...map].map(([key, value]) => [key, change(value)]))

const remarkOn = ({ name, difference }: DecathlonStrategy): readonly string[] => {
  if (difference?.halfWidth === undefined || readingOf(difference) === 'tied') return []
  return [`${name} is ${readingOf(difference)} than fine-tuning in the mean over the domains: ${signed(100 * difference.mean)} ± ${decimal(100 * difference.halfWidth)} points, paired by seed.`]
}

/**
 * Reads a decathlon: accuracy by domain, mean, score, sizes as multiples of the base.
 *
 * The size of a strategy is `1 + Σ_d private_d / base`: the shared network counts once, and so fine-tuning on nine domains is ten times the base, as published.
 * A domain on which fine-tuning makes no error is left out of the score, because points are errors in units of its error.
 *
 * @param results The results.
 * @throws TransferkitError `decathlon/not-published` when published constants are asked for that there are not.
 *
 * @example
 * ```ts
 * import { summariseDecathlon } from 'transferkit'
 *
 * const common = { source: 's', target: 't', options: {}, seed: 1, examples: 50, testExamples: 100, trainedParameters: 10, seconds: 1, headParameters: 5 }
 * const { strategies } = summariseDecathlon({
 *   name: 'two domains', version: '1.0.0', backend: 'cpu', machine: 'a laptop', date: '2026-01-01T00:00:00.000Z', baseParameters: 100,
 *   score: { constants: 'own', fineTuned: 'fine-tune', published: {} },
 *   rows: [
 *     { ...common, strategy: 'fine-tune', name: 'fine-tune', domain: 'digits', accuracy: 0.9, privateParameters: 105 },
 *     { ...common, strategy: 'fine-tune', name: 'fine-tune', domain: 'signs', accuracy: 0.8, privateParameters: 105 },
 *   ],
 * })
 * strategies[0]?.multiple // 3: the base and two copies
 * ```
 */
export const summariseDecathlon = (results: DecathlonResults): DecathlonSummary => {
  const { rows, score, baseParameters } = results
  const domains = unique(rows.map(({ domain }) => domain)).map((name): DomainSummary => {
    const own = rows.filter(({ domain }) => domain === name)
    const [first] = own
    const reference = referenceOf(name, results)
    return { name, dataset: first?.target ?? '', examples: first?.examples ?? 0, testExamples: first?.testExamples ?? 0, ...(scores(reference) ? { reference } : {}) }
  })
  const names = domains.map(({ name }) => name)
  const references: DomainAccuracies = Object.fromEntries(domains.flatMap(({ name, reference }) => (reference === undefined ? [] : [[name, reference]])))
  const hasScore = Object.keys(references).length > 0
  const accuraciesOf = (name: string): ReadonlyMap<number, number> => mapValues(completeSeeds(rows, name, names), (accuracies) => meanOf(Object.values(accuracies)))

  const strategies = unique(rows.map(({ name }) => name)).map((name): DecathlonStrategy => {
    const finished = names.flatMap((domain) => {
      const own = rowsOf(rows, name, domain)
      return own[0] === undefined ? [] : [{ domain, first: own[0], accuracy: estimateOf(own.map(({ accuracy }) => accuracy)) }]
    })
    const points = (domain: string, accuracy: number): object => {
      const reference = references[domain]
      return reference === undefined ? {} : { points: decathlonScore({ [domain]: accuracy }, { [domain]: reference }).total }
    }
    const complete = completeSeeds(rows, name, names)
    const accuracy = accuraciesOf(name)
    const difference = name === score.fineTuned ? undefined : pairedBySeed(accuracy, accuraciesOf(score.fineTuned))
    const total = (count: (row: DecathlonResultRow) => number): number => finished.reduce((sum, { first }) => sum + count(first), 0)
    return {
      name,
      strategy: finished[0]?.first.strategy ?? name,
      domains: Object.fromEntries(finished.map(({ domain, accuracy: reached }) => [domain, { accuracy: reached, ...points(domain, reached.mean) }])),
      ...(accuracy.size === 0 ? {} : { accuracy: estimateOf([...accuracy.values()]) }),
      ...(difference === undefined ? {} : { difference }),
      ...(complete.size === 0 || !hasScore ? {} : { score: estimateOf([...complete.values()].map((accuracies) => decathlonScore(onlyDomains(accuracies, references), references).total)) }),
      multiple: 1 + total(({ privateParameters, headParameters }) => privateParameters - headParameters) / baseParameters,
      multipleWithHeads: 1 + total(({ privateParameters }) => privateParameters) / baseParameters,
      privateParameters: total(({ privateParameters }) => privateParameters),
    }
  })
  return { domains, strategies, ...findings(domains, strategies, results) }
}

const findings = (domains: readonly DomainSummary[], strategies: readonly DecathlonStrategy[], { rows, score: { constants, fineTuned } }: DecathlonResults): Pick<DecathlonSummary, 'best' | 'headline' | 'remarks'> => {
  const worth = ({ score, accuracy }: DecathlonStrategy): number => score?.mean ?? accuracy?.mean ?? -1
  const best = strategies.reduce<DecathlonStrategy | undefined>((highest, candidate) => (highest === undefined || worth(candidate) > worth(highest) ? candidate : highest), undefined)
  if (best === undefined) throw new RangeError('There are no results to summarise.')
  const { score, accuracy, name, multiple } = best
  const seeds = counted(unique(rows.map(({ seed }) => seed)).length, 'seed')
  const reached = accuracy === undefined ? 'nothing is finished on all domains yet' : `${accuracyText(accuracy)} % in the mean over ${counted(domains.length, 'domain')}, ${multipleText(multiple)} the base (mean of ${seeds})`
  const left = domains.filter(({ reference }) => reference === undefined).map((domain) => domain.name)
  const reason = constants === 'own' ? `${fineTuned} makes no error there or was not run` : 'its published network makes no error'
  const unfinished = strategies.filter((strategy) => strategy.accuracy === undefined).map((strategy) => strategy.name)
  return {
    best,
    headline: `Best: ${name}${score === undefined ? '' : `, score ${decimal(score.mean, 0)}`}: ${reached}.`,
    remarks: [
      ...strategies.flatMap(remarkOn),
      ...(left.length === 0 ? [] : [`Left out of the score: ${left.join(', ')} (${reason}).`]),
      ...(unfinished.length === 0 ? [] : [`Not finished on all domains: ${unfinished.join(', ')}.`]),
    ],
  }
}
