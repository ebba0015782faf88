import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceRoot } from '../bootstrap/steps.mjs'
import { installProject } from './project.js'
import { run } from './run.js'

/** @import { Workshop } from './check.js' */

const plugin = join(workspaceRoot, 'examples', 'outside-plugin')

/**
 * Builds the example plugin as its author does, then installs its tarball as a stranger does and compares it with fine-tuning.
 *
 * @param {Workshop} workshop
 */
export const checkOutsidePlugin = async ({ folder, packages }) => {
  const author = join(folder, 'plugin of an author')
  cpSync(plugin, author, { recursive: true, filter: (path) => !/\/(node_modules|dist|runs)$/.test(path) })
  const manifest = JSON.parse(readFileSync(join(plugin, 'package.json'), 'utf8'))
  await installProject(author, manifest, packages)
  await run(author, ['npm', 'run', '--silent', 'typecheck'])
  await run(author, ['npm', 'test', '--silent'])
  // Packed with the author's own description: the tarballs of this check are nothing to publish.
  await run(author, ['npm', 'run', '--silent', 'build'])
  writeFileSync(join(author, 'package.json'), JSON.stringify(manifest))
  const packed = join(folder, 'packed')
  mkdirSync(packed)
  await run(author, ['npm', 'pack', '--ignore-scripts', '--pack-destination', packed])
  const tarball = join(packed, readdirSync(packed)[0] ?? '')

  const stranger = join(folder, 'project of a stranger')
  const own = { '@transferkit/tensor': '*', '@transferkit/training': '*', transferkit: '*' }
  await installProject(stranger, { dependencies: { ...own, [manifest.name]: `file:${tarball}` } }, packages)
  // A hundredth of the work, and a plugin that nobody lists: it is found because it is installed.
  const recipe = readFileSync(join(plugin, 'recipe.yaml'), 'utf8').replace(/^plugins: .*\n/m, '').replace('steps: 600', 'steps: 10').replace('steps: 150', 'steps: 4').replace('seeds: [1, 2, 3]', 'seeds: [1]')
  writeFileSync(join(stranger, 'recipe.yaml'), recipe)
  const output = await run(stranger, [join('node_modules', '.bin', 'transferkit'), 'compare', 'recipe.yaml'])
  const missing = ['fine-tune', 'l2-sp', 'bss', 'l2-sp + bss'].filter((name) => !output.includes(name))
  if (missing.length > 0) throw new Error(`The comparison has no ${missing.join(', ')}:\n${output}`)
  return 'the outside plugin is built, passes the conformance suite, and is compared by the command line where its tarball is installed'
}
