import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { strategyNamesOf } from './names.js'
import { strategyProject } from './strategy-files.js'

const usage = `npm create transferkit-strategy NAME

Writes a project with a transfer strategy of your own, its tests and a recipe, into the folder NAME.
NAME is the id of the strategy in recipes, such as my-strategy; with a scope (@me/my-strategy) it is the name of the package too.

  --directory PATH   another folder
  --help             this text

Options stand behind two hyphens: npm create transferkit-strategy my-strategy -- --directory elsewhere
`

/**
 * What the command is given by its surroundings.
 *
 * @typedef {object} Surroundings
 * @property {string} folder The working folder.
 * @property {(text: string) => void} print Writes to the standard output.
 * @property {(text: string) => void} fail Writes to the error output.
 */

const versionOfThis = () => {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return version
}

/**
 * @param {readonly string[]} args
 * @param {Surroundings} surroundings
 */
const create = (args, { folder, print }) => {
  const { values, positionals } = parseArgs({ args: [...args], options: { directory: { type: 'string' }, help: { type: 'boolean', short: 'h' } }, allowPositionals: true })
  if (values.help === true) {
    print(usage)
    return
  }
  const [name, ...rest] = positionals
  if (name === undefined || rest.length > 0) throw new Error(`Give one name.\n\n${usage}`)
  const names = strategyNamesOf(name)
  const target = resolve(folder, values.directory ?? names.id)
  if (existsSync(target) && readdirSync(target).length > 0) throw new Error(`${target} is not empty. Choose another name, or another folder with --directory.`)
  const files = strategyProject(names, versionOfThis())
  for (const [path, text] of files) {
    mkdirSync(dirname(join(target, path)), { recursive: true })
    writeFileSync(join(target, path), text)
  }
  print(`${files.size} files of the strategy '${names.id}' are in ${target}. Next:\n\n  cd ${relative(folder, target) || '.'}\n  npm install --ignore-scripts\n  npm test\n\nThe strategy is src/${names.id}.ts; "npm run compare" compares it with fine-tuning.\n`)
}

/**
 * The command `npm create transferkit-strategy`.
 *
 * @param {readonly string[]} args
 * @param {Surroundings} surroundings
 * @returns {number} The exit code: 0, or 2 for what was given wrongly.
 */
export const createStrategy = (args, surroundings) => {
  try {
    create(args, surroundings)
    return 0
  } catch (error) {
    surroundings.fail(`${error instanceof Error ? error.message : String(error)}\n`)
    return 2
  }
}
