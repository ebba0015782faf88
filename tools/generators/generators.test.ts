import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { defineMetaStrategies, metaRegularisers } from '@transferkit/meta'
import { nlpStrategies } from '@transferkit/nlp'
import { baselineStrategies } from '@transferkit/training'
import { visionStrategies } from '@transferkit/vision'
import { ESLint } from 'eslint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { namesOf } from '../../packages/create-strategy/src/names.js'
import { reservedIds } from '../../packages/create-strategy/src/reserved-ids.js'
import { strategyProject } from '../../packages/create-strategy/src/strategy-files.js'
import { backend, dataset, network, strategy } from './generators.js'
import { workspaceTree, type WorkspaceTree, writeFiles } from './workspace-tree.fixture.js'

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
// Inside the workspace, where packages resolve; it begins with a dot, so that nothing else takes it for a part of the workspace.
const scratch = fileURLToPath(new URL('.generated', import.meta.url))
const generators = { strategy, network, dataset, backend }

const generate = async (kind: keyof typeof generators, name: string, directory?: string): Promise<WorkspaceTree> => {
  const tree = workspaceTree(workspaceRoot)
  await generators[kind](tree, { name, skipInstall: true, ...(directory === undefined ? {} : { directory }) })
  return tree
}

const textOf = (tree: WorkspaceTree, path: string): unknown => JSON.parse(tree.written.get(path) ?? '{}')

describe('the files of a strategy', () => {
  test('are a package, a guide, a changeset and an entry of the benchmark', async () => {
    const tree = await generate('strategy', 'gentle-transfer')
    const inPackage = ['README.md', 'package.json', 'src/gentle-transfer.test.ts', 'src/gentle-transfer.ts', 'src/index.ts', 'tsconfig.build.json', 'tsconfig.json', 'typedoc.json'].map((path) => `packages/gentle-transfer/${path}`)
    expect([...tree.written.keys()].sort()).toEqual(['.changeset/gentle-transfer.md', 'docs/guides/README.md', 'docs/guides/gentle-transfer.md', 'docs/package.json', ...inPackage, 'tools/bench/plugin-steps.json'])
    expect(textOf(tree, 'packages/gentle-transfer/package.json')).toMatchObject({ name: '@transferkit/gentle-transfer', transferkit: { specVersion: 1 }, nx: { name: 'gentle-transfer', tags: ['layer:plugin'] } })
    expect(textOf(tree, 'tools/bench/plugin-steps.json')).toMatchObject({ 'gentle-transfer-resnet32-batch128': { strategy: 'gentle-transfer' } })
    expect(tree.written.get('docs/guides/README.md')).toContain('- [gentle-transfer](gentle-transfer.md)')
    expect([...tree.written.values()].filter((text) => /__(?!snapshots)[a-zA-Z]+__/.test(text))).toEqual([])
  })

  test('keep a scope and stand in the folder that is asked for', async () => {
    const tree = await generate('strategy', '@me/gentle-transfer', 'packages/gentle')
    expect(textOf(tree, 'packages/gentle/package.json')).toMatchObject({ name: '@me/gentle-transfer', nx: { name: 'gentle' } })
    expect(tree.written.get('packages/gentle/src/gentle-transfer.ts')).toContain("name: 'gentle-transfer'")
  })
})

test.each(['strategy', 'network', 'dataset', 'backend'] as const)('a generated %s says that it is a plugin, and shows its recipe', async (kind) => {
  const { written } = await generate(kind, 'my-own')
  expect(JSON.parse(written.get('packages/my-own/package.json')!)).toMatchObject({ keywords: ['transferkit-plugin'], transferkit: { specVersion: 1 } })
  expect(written.get('packages/my-own/README.md')).toContain("plugins: ['@transferkit/my-own']")
})

test.each<readonly [string, keyof typeof generators, string, string | undefined, string]>([
  ['of a built-in strategy', 'strategy', 'fine-tune', undefined, "has a strategy 'fine-tune' already, and ids are unique. Choose another name, as in my-fine-tune."],
  ['of an existing package', 'network', 'vision', undefined, "packages/vision is called '@transferkit/vision' already"],
  ['of an existing folder', 'network', 'lenet-two', 'packages/vision', 'packages/vision exists already. Choose another name or another folder'],
  ['of an existing guide', 'dataset', 'text', undefined, 'docs/guides/text.md exists already'],
  ['outside of packages', 'backend', 'fast', 'elsewhere/fast', 'stand in packages/, as in packages/fast'],
  ['in another spelling', 'strategy', 'MyStrategy', undefined, 'For example: my-strategy'],
])('a name %s is refused, with what to do', async (_case, kind, name, directory, message) => {
  await expect(generate(kind, name, directory)).rejects.toThrow(message)
})

test('the ids that nobody may take are those of all strategies', () => {
  const known = [...baselineStrategies, ...visionStrategies, ...nlpStrategies, ...defineMetaStrategies(), ...metaRegularisers]
  expect([...reservedIds].sort()).toEqual(known.map(({ name }) => name).sort())
})

describe('what is generated, and the example of a plugin from outside', () => {
  const folders = Object.keys(generators).map((kind) => join(scratch, 'packages', `sample-${kind}`))
  const project = join(scratch, 'project')
  const example = join(scratch, 'example')
  const modules = createRequire(import.meta.url)
  const script = (name: string, file: string): string => join(dirname(modules.resolve(`${name}/package.json`)), file)
  const run = (file: string, ...args: string[]): Promise<string> =>
    promisify(execFile)(process.execPath, [file, ...args], { cwd: scratch, env: { ...process.env, VITEST: '', NODE_ENV: 'test' } }).then(
      () => '',
      // A failed child process carries what it printed.
      (error: unknown) => (error as { stdout: string }).stdout,
    )

  beforeAll(async () => {
    rmSync(scratch, { recursive: true, force: true })
    mkdirSync(scratch)
    for (const kind of Object.keys(generators) as (keyof typeof generators)[]) {
      const { written } = await generate(kind, `sample-${kind}`)
      writeFiles(scratch, new Map([...written].filter(([path]) => path.startsWith('packages/'))))
    }
    cpSync(join(workspaceRoot, 'examples', 'outside-plugin'), example, { recursive: true, filter: (path) => !/[\\/](node_modules|dist|runs)$/.test(path) })
    // What it depends on beside our packages.
    mkdirSync(join(example, 'node_modules'))
    symlinkSync(join(workspaceRoot, 'packages', 'vision', 'node_modules', 'ml-matrix'), join(example, 'node_modules', 'ml-matrix'), 'dir')
    writeFiles(project, strategyProject(namesOf('@me/outside'), '0.0.0'))
    // Their own settings are for packages that are built and installed.
    for (const folder of [project, example]) writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../packages/sample-strategy/tsconfig.json', include: ['src'] }))
    writeFileSync(join(scratch, 'tsconfig.base.json'), JSON.stringify({ extends: '../../../tsconfig.base.json' }))
    // One program for all is checked in the time of one. It has the strictest settings.
    writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify({ extends: './packages/sample-strategy/tsconfig.json', include: ['packages/*/src', 'project/src', 'example/src'] }))
    writeFileSync(
      join(scratch, 'vitest.config.mjs'),
      `const conditions = ['@transferkit/source', 'module', 'node', 'development|production']
       const setupFiles = ${JSON.stringify(['cpu-backend.ts', 'guard.ts'].map((file) => join(workspaceRoot, 'tools', 'vitest', file)))}
       export default { resolve: { conditions }, ssr: { resolve: { conditions } }, test: { pool: 'forks', maxWorkers: 1, testTimeout: 120_000, hookTimeout: 120_000, include: ['**/src/*.test.ts'], exclude: ['**/node_modules/**', 'example/**'], setupFiles } }\n`,
    )
  })

  afterAll(() => {
    rmSync(scratch, { recursive: true, force: true })
  })

  test('type-checks', async () => {
    expect(await run(script('typescript', 'bin/tsc'), '-p', scratch)).toBe('')
  }, 300_000)

  test('has nothing to lint', async () => {
    const eslint = new ESLint({ cwd: workspaceRoot, ignore: false })
    const results = await eslint.lintFiles([...folders, project, example].map((folder) => join(folder, 'src')))
    expect(results.flatMap(({ filePath, messages }) => messages.map(({ line, message }) => `${filePath}:${line}: ${message}`))).toEqual([])
  }, 300_000)

  test('passes its tests, the conformance suite among them', async () => {
    const report = join(scratch, 'report.json')
    const printed = await run(script('vitest', 'vitest.mjs'), 'run', '--root', scratch, '--config', join(scratch, 'vitest.config.mjs'), '--reporter', 'json', '--outputFile', report)
    const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(report, 'utf8')) as { readonly numPassedTests: number; readonly numFailedTests: number; readonly testResults: readonly { readonly message: string; readonly assertionResults: readonly { readonly status: string; readonly fullName: string; readonly failureMessages: readonly string[] }[] }[] }
    const failures = testResults.flatMap(({ message, assertionResults }) => [message, ...assertionResults.filter(({ status }) => status === 'failed').map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join('\n')}`)]).filter((line) => line !== '')
    expect({ failures, numFailedTests, printed }).toEqual({ failures: [], numFailedTests: 0, printed: '' })
    expect(testResults).toHaveLength(5)
    expect(numPassedTests).toBeGreaterThan(40)
  }, 600_000)
})
