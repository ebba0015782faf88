import { reservedIds } from './reserved-ids.js'

/**
 * The spellings of a name.
 *
 * @typedef {object} Names
 * @property {string} package The package, such as `@me/my-strategy`.
 * @property {string} id The id in recipes, and the name of the folder: `my-strategy`.
 * @property {string} camelName The name of a function: `myStrategy`.
 * @property {string} pascalName The name of a type, with what follows it: `MyStrategy`.
 */

/** @param {string} word */
const capitalised = (word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`

/** @param {string} name */
const isVariable = (name) => {
  try {
    // The engine knows the words that it keeps for itself.
    new Function(`"use strict"; const ${name} = 0`)
    return true
  } catch {
    return false
  }
}

/** @param {string} text */
const suggestion = (text) =>
  text
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')

/**
 * Checks a name that a person gave and spells it in all ways.
 *
 * @param {string} given `my-strategy`, or with a scope `@me/my-strategy`.
 * @returns {Names}
 * @throws {Error} That says what to give instead.
 */
export const namesOf = (given) => {
  const [, scope = '', id = ''] = /^(@[a-z0-9][a-z0-9._-]*\/)?([a-z][a-z0-9]*(?:-[a-z0-9]+)*)$/.exec(given) ?? []
  if (id === '') {
    const better = suggestion(given.split('/').at(-1) ?? '')
    throw new Error(`${JSON.stringify(given)} cannot be a name: use lower-case letters, digits and single hyphens, and begin with a letter, as in my-strategy or @me/my-strategy.${better === '' || better === given ? '' : ` For example: ${better}`}`)
  }
  const pascalName = id.split('-').map(capitalised).join('')
  const camelName = `${pascalName.slice(0, 1).toLowerCase()}${pascalName.slice(1)}`
  if (!isVariable(camelName)) throw new Error(`${JSON.stringify(given)} cannot be a name: '${camelName}' is a word of JavaScript. Add a word, as in ${id}-transfer.`)
  return { package: `${scope}${id}`, id, camelName, pascalName }
}

/**
 * Checks a name for a strategy, which must not be the id of one that Transferkit has.
 *
 * @param {string} given `my-strategy`, or with a scope `@me/my-strategy`.
 * @returns {Names}
 * @throws {Error} That says what to give instead.
 */
export const strategyNamesOf = (given) => {
  const names = namesOf(given)
  if (!reservedIds.includes(names.id)) return names
  throw new Error(`Transferkit has a strategy '${names.id}' already, and ids are unique. Choose another name, as in my-${names.id}.`)
}
