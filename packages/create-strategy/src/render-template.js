import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

const suffix = '.template'

/**
 * Puts values in the place of their names, which stand between double underscores: `__id__`.
 *
 * @param {string} text
 * @param {Readonly<Record<string, string>>} values
 * @param {string} where For messages.
 */
const fillIn = (text, values, where) =>
  text.replaceAll(/__([A-Za-z]+)__/g, (whole, /** @type {string} */ name) => {
    const value = values[name]
    if (value === undefined) throw new Error(`${where}: there is no value for ${whole}.`)
    return value
  })

/**
 * The files that a folder of templates makes, by their paths in the project, with forward slashes.
 *
 * @param {string} folder A folder of files called `*.template`. `__dot__` in a path is a dot, which npm would otherwise take for a file of the package itself.
 * @param {Readonly<Record<string, string>>} values
 * @returns {ReadonlyMap<string, string>}
 */
export const renderTemplate = (folder, values) =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith(suffix))
      .sort()
      .map((path) => {
        const file = join(folder, path)
        const target = fillIn(path.slice(0, -suffix.length), { ...values, dot: '.' }, file)
        return /** @type {const} */ ([relative('', target).split(sep).join('/'), fillIn(readFileSync(file, 'utf8'), values, file)])
      }),
  )
