import { spawnSync } from 'node:child_process'
import { pnpmCommand } from '../bootstrap/pnpm.mjs'
import { filesOf } from './templates.js'

/** @import { Names } from '../../packages/create-strategy/src/names.js' */

/**
 * The part of Nx's tree that is used: files that are written to the disk when a generator is done, and not in a dry run.
 *
 * @typedef {object} Tree
 * @property {string} root The folder of the workspace.
 * @property {(path: string, encoding: 'utf-8') => string | null} read
 * @property {(path: string) => boolean} exists
 * @property {(folder: string) => string[]} children
 * @property {(path: string, text: string) => void} write
 */

/**
 * @typedef {object} Options What a person gives.
 * @property {string} name
 * @property {string} [directory]
 * @property {boolean} [skipInstall]
 */

/**
 * @typedef {object} Kind What a generator writes.
 * @property {'strategy' | 'network' | 'dataset' | 'backend'} kind
 * @property {string} layer Its layer in tools/lint/layers.js.
 * @property {(given: string) => Names} names Checks a name.
 * @property {(names: Names) => ReadonlyMap<string, string>} sources
 * @property {(id: string) => string} description
 * @property {(id: string) => string} change What the change log says.
 * @property {readonly string[]} dependencies
 * @property {readonly string[]} [devDependencies]
 * @property {Readonly<Record<string, string>>} peerDependencies
 * @property {(id: string, folder: string) => object} [benchmark] An entry of tools/bench/plugin-steps.json.
 */

/** @param {unknown} value */
const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`

/**
 * @param {Tree} tree
 * @param {string} path
 * @returns {any} What the file holds; whoever reads it knows its form.
 */
const readJson = (tree, path) => JSON.parse(tree.read(path, 'utf-8') ?? '{}')

/**
 * @param {Tree} tree
 * @param {string} name
 * @param {string} folder
 * @param {string} guide
 */
const checkFree = (tree, name, folder, guide) => {
  const owner = tree.children('packages').find((other) => readJson(tree, `packages/${other}/package.json`).name === name)
  if (owner !== undefined) throw new Error(`packages/${owner} is called '${name}' already. Choose another name.`)
  for (const path of [folder, guide]) {
    if (tree.exists(path)) throw new Error(`${path} exists already. Choose another name${path === folder ? ' or another folder with --directory' : ''}, or delete it first.`)
  }
}

/**
 * @param {Tree} tree
 * @param {readonly string[]} names
 * @returns {Readonly<Record<string, string>>} The ranges that the workspace has of them itself.
 */
const ranges = (tree, names) => {
  const { devDependencies } = readJson(tree, 'tools/package.json')
  return Object.fromEntries([...names].sort().map((name) => [name, devDependencies[name]]))
}

/**
 * @param {Tree} tree
 * @param {Kind} kind
 * @param {Names} names
 * @param {string} project
 */
const manifest = (tree, { kind, layer, description, dependencies, devDependencies = [], peerDependencies }, names, project) => ({
  name: names.package,
  version: '0.0.0',
  description: description(names.id),
  license: 'Apache-2.0',
  type: 'module',
  // A backend is registered by being imported.
  sideEffects: kind === 'backend',
  // By these others find it, and the command line.
  keywords: ['transferkit-plugin'],
  transferkit: { specVersion: 1 },
  engines: { node: '>=20.19' },
  exports: {
    '.': { '@transferkit/source': './src/index.ts', types: './dist/index.d.ts', default: './dist/index.js' },
    './package.json': './package.json',
  },
  files: ['dist', 'src', '!src/**/*.test.ts', '!src/**/*.test-d.ts', '!src/**/__snapshots__', '!src/**/*.fixture.ts', '!dist/**/*.test.*'],
  dependencies: ranges(tree, dependencies),
  peerDependencies,
  nx: { name: project, tags: [`layer:${layer}`], targets: { build: {}, typecheck: {}, lint: {}, test: {}, 'test:types': {}, 'test:build': {} } },
  devDependencies: { ...Object.fromEntries(Object.entries(peerDependencies).map(([name, range]) => [name, range.slice(1)])), ...ranges(tree, devDependencies) },
})

const morePackages = '**More packages**'

/**
 * Adds a guide to the list of guides, in a section of its own at the end.
 *
 * @param {string} page
 * @param {string} entry
 */
const withGuide = (page, entry) => `${page.trimEnd()}\n${page.includes(morePackages) ? '' : `\n${morePackages}\n\n`}${entry}\n`

/**
 * Makes an Nx generator.
 *
 * @param {Kind} kind
 */
export const packageGenerator =
  (kind) =>
  /**
   * @param {Tree} tree
   * @param {Options} options
   * @returns {Promise<() => void>} Links the package, when its files are written.
   */
  async (tree, { name, directory, skipInstall = false }) => {
    const spelt = kind.names(name)
    const names = { ...spelt, package: spelt.package === spelt.id ? `@transferkit/${spelt.id}` : spelt.package }
    const folder = directory ?? `packages/${names.id}`
    const [, project = ''] = /^packages\/([a-z0-9][a-z0-9._-]*)\/?$/.exec(folder) ?? []
    if (project === '') throw new Error(`--directory ${folder}: packages of this workspace stand in packages/, as in packages/${names.id}. For a project elsewhere: npm create transferkit-strategy`)
    const [guides, guide] = ['docs/guides/README.md', `docs/guides/${names.id}.md`]
    checkFree(tree, names.package, `packages/${project}`, guide)

    const values = { ...names, description: kind.description(names.id) }
    const write = (/** @type {ReadonlyMap<string, string>} */ files) => files.forEach((text, path) => tree.write(`packages/${project}/${path}`, text))
    const ownFiles = filesOf(kind.kind, values)
    write(filesOf('package', values))
    write(kind.sources(names))
    write(new Map([...ownFiles].filter(([path]) => path === 'README.md')))
    write(new Map([['package.json', json(manifest(tree, kind, names, project))]]))
    tree.write(guide, `${ownFiles.get('guide.md') ?? ''}\nThe package is [${names.package}](../../packages/${project}/README.md).\n`)
    tree.write(guides, withGuide(tree.read(guides, 'utf-8') ?? '', `- [${names.id}](${names.id}.md)`))
    tree.write(`.changeset/${names.id}.md`, `---\n'${names.package}': minor\n---\n\n${kind.change(names.id)}\n`)
    const docs = readJson(tree, 'docs/package.json')
    tree.write('docs/package.json', json({ ...docs, devDependencies: Object.fromEntries(Object.entries({ ...docs.devDependencies, [names.package]: 'workspace:*' }).sort()) }))
    if (kind.benchmark !== undefined) {
      const steps = 'tools/bench/plugin-steps.json'
      tree.write(steps, json({ ...readJson(tree, steps), ...kind.benchmark(names.id, `packages/${project}`) }))
    }
    return () => {
      if (skipInstall) return
      const [npx, ...args] = pnpmCommand()
      spawnSync(npx, [...args, 'install', '--prefer-offline', '--no-frozen-lockfile'], { cwd: tree.root, stdio: 'inherit' })
    }
  }
