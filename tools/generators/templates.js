import { fileURLToPath } from 'node:url'
import { renderTemplate } from '../../packages/create-strategy/src/render-template.js'

/** @import { Names } from '../../packages/create-strategy/src/names.js' */

/**
 * The files that a template makes, by path.
 *
 * @param {string} name A folder of templates.
 * @param {Readonly<Record<string, string>>} values
 */
export const filesOf = (name, values) => renderTemplate(fileURLToPath(new URL(`templates/${name}`, import.meta.url)), values)

/**
 * Makes the sources of a kind of package from its template.
 *
 * @param {string} kind
 * @returns {(names: Names) => ReadonlyMap<string, string>}
 */
export const kindSources = (kind) => (names) => new Map([...filesOf(kind, { ...names })].filter(([path]) => path.startsWith('src/')))
