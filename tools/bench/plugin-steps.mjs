import { readFileSync } from 'node:fs'

/**
 * @typedef {object} PluginStep A training step of a strategy that a package of its own brings.
 * @property {string} module The built package, from the root of the workspace.
 * @property {string} strategy Id of the strategy.
 * @property {string} network Name of the network.
 * @property {number} batch Images in a batch.
 * @property {number} size Height and width of an image.
 */

/**
 * The steps by name. The generator of strategies adds one for each.
 *
 * @type {Readonly<Record<string, PluginStep>>}
 */
export const pluginSteps = JSON.parse(readFileSync(new URL('plugin-steps.json', import.meta.url), 'utf8'))
