import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type Example, examplesInMarkdown, examplesInSource } from './extract.js'

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
const packages = readdirSync(join(workspaceRoot, 'packages')).map((name) => join('packages', name))

const filesIn = (folder: string, isWanted: (path: string) => boolean): string[] =>
  readdirSync(join(workspaceRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter(isWanted)

const isSource = (path: string): boolean => path.endsWith('.ts') && !/\.(test|test-d|fixture)\.ts$/.test(path)
const isPage = (path: string): boolean => path.endsWith('.md') && !/node_modules|^docs.reference/.test(path)
const pagesOfPackages = packages.map((owner) => join(owner, 'README.md')).filter((path) => existsSync(join(workspaceRoot, path)))

interface WrittenExample extends Example {
  /** Where the example came from, as `file:line`. */
  readonly origin: string
  /** The module that holds it now. */
  readonly module: string
}

/** Writes every example as a module of its package, where the package's own name and its dependencies resolve as they do for a reader. */
const writeExamples = (owner: string, files: readonly string[], find: (text: string) => Example[]): WrittenExample[] => {
  const folder = join(workspaceRoot, owner, '.examples')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  return files.flatMap((file) =>
    find(readFileSync(join(workspaceRoot, file), 'utf8')).map((example) => {
      const name = relative(owner, file).replaceAll(/[^\w-]+/g, '-')
      const module = join(folder, `${name}-${example.line}.ts`)
      // `export {}` makes a module of an example without imports, so that names of two examples never meet.
      writeFileSync(module, `${example.code}\nexport {}\n`)
      return { ...example, module, origin: `${file}:${example.line}` }
    }),
  )
}

const examples = [
  ...packages.flatMap((owner) => writeExamples(owner, filesIn(join(owner, 'src'), isSource), examplesInSource)),
  ...writeExamples('docs', [...readdirSync(workspaceRoot).filter(isPage), ...filesIn('docs', isPage), ...pagesOfPackages], examplesInMarkdown),
]

/** What the compiler says of all examples, while they run. */
const compilerReport = async (): Promise<string> => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc')
  const project = fileURLToPath(new URL('tsconfig.examples.json', import.meta.url))
  const known = join(workspaceRoot, 'node_modules', '.cache', 'types', 'examples.tsbuildinfo')
  return promisify(execFile)(process.execPath, [tsc, '-p', project, '--incremental', '--tsBuildInfoFile', known]).then(
    () => '',
    // A failed child process carries what it printed.
    (error: unknown) => (error as { stdout: string }).stdout,
  )
}
const report = compilerReport()

test('the examples of pages run without a test runner', () => {
  const needsRunner = /from '@transferkit\/(tensor\/conformance|training\/testing)'/
  expect(examples.filter(({ runs, origin, code }) => runs && /\.md:/.test(origin) && needsRunner.test(code)).map(({ origin }) => origin)).toEqual([])
})

// `npm run verify` names the packages and files whose examples it wants to see running.
const wanted = process.env['TRANSFERKIT_EXAMPLES_OF']?.split(' ')
const isWanted = ({ code, origin }: WrittenExample): boolean => wanted === undefined || wanted.some((word) => code.includes(word) || origin.startsWith(`${word}:`))

test.each(examples.filter((example) => example.runs && isWanted(example)))('the example at $origin runs', async ({ module }) => {
  await import(module)
})

test('the examples of the documentation type-check', async () => {
  expect(await report).toBe('')
}, 300_000)
