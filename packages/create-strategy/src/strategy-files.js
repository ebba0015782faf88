import { fileURLToPath } from 'node:url'
import { renderTemplate } from './render-template.js'

/** @import { Names } from './names.js' */

/** @param {string} name */
const template = (name) => fileURLToPath(new URL(`../template/${name}`, import.meta.url))

/**
 * The sources of a strategy with its tests, by path.
 *
 * @param {Names} names
 */
export const strategySources = (names) => renderTemplate(template('strategy'), { ...names })

/**
 * All files of a project that stands for itself, by path.
 *
 * @param {Names} names
 * @param {string} version The version of Transferkit that it is for.
 */
export const strategyProject = (names, version) => new Map([...strategySources(names), ...renderTemplate(template('project'), { ...names, version })])
