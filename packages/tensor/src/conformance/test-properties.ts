import { afterAll, beforeAll, describe, it } from 'vitest'
import { holdProperty, type Property } from './property.js'

/** A suite of properties for one subject. */
export interface PropertySuite<Setting> {
  /** What is tested, as it stands in titles and messages: `strategy 'ptu'`. */
  readonly subject: string
  /** The properties, in order. */
  readonly properties: readonly Property<Setting>[]
  /** Names of properties that do not apply; they are shown as skipped. */
  readonly except?: readonly string[]
  /** Makes what the properties are tested on, once. */
  readonly open: () => Promise<Setting> | Setting
  /**
   * Gives back what was opened.
   *
   * @param setting What `open` made.
   */
  readonly close?: (setting: Setting) => void
}

/**
 * Makes one Vitest test for each property. Call it at the top of a test file.
 *
 * A test fails with `conformance/breach`, as {@link holdProperty} throws it. What is tested is opened before the first test and closed after the last.
 *
 * @param suite Subject, properties, and how to open what they are tested on.
 *
 * @example
 * ```ts
 * import { breach, type Property, testProperties } from '@transferkit/tensor/conformance'
 *
 * const positive: Property<number> = {
 *   name: 'positive',
 *   title: 'the number is above 0',
 *   run: (value) => {
 *     if (!(value > 0)) breach({ expected: 'a number above 0', found: String(value), advice: 'Take its absolute value.' })
 *   },
 * }
 * const tests = () => testProperties({ subject: 'the number 3', properties: [positive], open: () => 3 })
 * ```
 */
export const testProperties = <Setting>({ subject, properties, except = [], open, close }: PropertySuite<Setting>): void => {
  describe(`${subject} keeps the contract`, () => {
    let opened: { readonly setting: Setting } | undefined
    beforeAll(async () => {
      opened = { setting: await open() }
    })
    afterAll(() => {
      if (opened !== undefined) close?.(opened.setting)
    })
    for (const property of properties) {
      it.skipIf(except.includes(property.name))(`${property.name}: ${property.title}`, async () => {
        if (opened !== undefined) await holdProperty(subject, property, opened.setting)
      })
    }
  })
}
