import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { installProject } from './project.js'

/** @import { Workshop } from './check.js' */

// These are for a terminal and have no part that a browser could run.
const notForBrowsers = new Set(['transferkit', 'create-transferkit-strategy'])

/**
 * Bundles everything that a package's main entry exports, for a browser.
 *
 * @param {string} folder
 * @param {string} name
 * @returns {Promise<number>} Bytes of the minified bundle after gzip, without TensorFlow.js.
 * @throws Error that names the Node modules in it.
 */
const bundle = async (folder, name) => {
  const entry = join(folder, `${name.replaceAll(/\W+/g, '-')}.js`)
  writeFileSync(entry, `export * from '${name}'\n`)
  /** @type {string[]} */
  const nodeModules = []
  const outDir = `${entry}-bundle`
  await build({
    root: folder,
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'no-node-modules',
        enforce: 'pre',
        resolveId: (source, importer) => {
          if (isBuiltin(source)) nodeModules.push(`${source}, by ${String(importer)}`)
          return null
        },
      },
    ],
    build: { outDir, minify: 'esbuild', lib: { entry, formats: ['es'], fileName: 'bundle' }, rollupOptions: { external: /^@tensorflow\// } },
  })
  if (nodeModules.length > 0) throw new Error(`The main entry of ${name} promises to run in a browser, but imports ${nodeModules.join('; ')}.`)
  return readdirSync(outDir).reduce((total, file) => total + gzipSync(readFileSync(join(outDir, file))).length, 0)
}

/**
 * Bundles each package for a browser, and sees that no Node module is in it.
 *
 * @param {Workshop} workshop
 * @returns {Promise<ReadonlyMap<string, number>>} Bytes by package.
 */
export const bundleSizes = async ({ folder, packages }) => {
  const project = join(folder, 'web page')
  const names = packages.map(({ manifest }) => manifest.name).filter((name) => !notForBrowsers.has(name))
  await installProject(project, { dependencies: Object.fromEntries(names.map((name) => [name, '*'])) }, packages)
  /** @type {Map<string, number>} */
  const sizes = new Map()
  for (const name of names) sizes.set(name, await bundle(project, name))
  return sizes
}
