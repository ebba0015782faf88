import { TransferkitError } from '../error.js'

/** How a property is broken, in the words of the person who has to mend it. */
export interface Breach {
  /** Path of a tensor, name of a stage, number of an example; left out where the whole is meant. */
  readonly where?: string
  /** What the contract asks for. */
  readonly expected: string
  /** What was there instead. */
  readonly found: string
  /** What usually causes it, and what to do. */
  readonly advice: string
}

/** One property that the contract asks for. */
export interface Property<Setting> {
  /** Short name, for `except`. */
  readonly name: string
  /** What is tested, as a sentence. */
  readonly title: string
  /**
   * Throws what {@link breach} throws where the property is broken.
   *
   * @param setting What is tested.
   */
  run(setting: Setting): Promise<void> | void
}

const breachCode = 'conformance/breach'

/**
 * Ends the test of a property that is broken.
 *
 * @param parts Where, what was expected, what was found, and what to do.
 * @throws TransferkitError `conformance/breach`, always.
 *
 * @example
 * ```ts
 * import { breach, type Property } from '@transferkit/tensor/conformance'
 *
 * const positive: Property<number> = {
 *   name: 'positive',
 *   title: 'the number is above 0',
 *   run: (value) => {
 *     if (!(value > 0)) breach({ expected: 'a number above 0', found: String(value), advice: 'Take its absolute value.' })
 *   },
 * }
 * ```
 */
export const breach = (parts: Breach): never => {
  throw new TransferkitError(breachCode, bodyOf(parts))
}

const bodyOf = ({ where, expected, found, advice }: Breach): string =>
  [...(where === undefined ? [] : [['where', where]]), ['expected', expected], ['found', found], ['to do', advice]].map(([title = '', text = '']) => `  ${title.padEnd(10)}${text}`).join('\n')

const explained = (subject: string, { name, title }: Pick<Property<never>, 'name' | 'title'>, error: unknown): TransferkitError => {
  const isBreach = TransferkitError.isInstance(error) && error.code === breachCode
  const body = isBreach ? error.message : bodyOf({ expected: 'the test to run to its end', found: `it threw: ${String(error)}`, advice: 'The stack of the cause says where.' })
  return new TransferkitError(breachCode, `${subject} breaks the property '${name}': ${title}.\n${body}`, isBreach ? {} : { cause: error })
}

/**
 * Tests one property.
 *
 * @param subject What is tested, as it stands in a message: `strategy 'ptu'`.
 * @param property The property.
 * @param setting What the property is tested on.
 * @throws TransferkitError `conformance/breach` that names the subject, the property, where, what was expected, what was found and what to do.
 *
 * @example
 * ```ts
 * import { holdProperty } from '@transferkit/tensor/conformance'
 *
 * await holdProperty('the number', { name: 'positive', title: 'it is above 0', run: () => undefined }, 3)
 * ```
 */
export const holdProperty = async <Setting>(subject: string, property: Property<Setting>, setting: Setting): Promise<void> => {
  try {
    await property.run(setting)
  } catch (error) {
    throw explained(subject, property, error)
  }
}

/**
 * Tests all properties, and says which are broken: for test runners other than Vitest, and for tests of a suite itself.
 *
 * @param subject What is tested, as it stands in a message.
 * @param properties The properties.
 * @param setting What they are tested on.
 * @returns For each broken property, by its name, the message.
 *
 * @example
 * ```ts
 * import { brokenProperties } from '@transferkit/tensor/conformance'
 *
 * const broken = await brokenProperties('the number', [{ name: 'positive', title: 'it is above 0', run: () => undefined }], 3)
 * broken.size // 0
 * ```
 */
export const brokenProperties = async <Setting>(subject: string, properties: readonly Property<Setting>[], setting: Setting): Promise<ReadonlyMap<string, string>> => {
  const broken = new Map<string, string>()
  for (const property of properties) {
    try {
      await holdProperty(subject, property, setting)
    } catch (error) {
      // holdProperty throws nothing else.
      broken.set(property.name, (error as TransferkitError).message)
    }
  }
  return broken
}
