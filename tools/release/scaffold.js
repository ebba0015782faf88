import { cpSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageNamed } from './packages.js'
import { installProject } from './project.js'
import { attempt, run } from './run.js'

/** @import { Workshop } from './check.js' */

const generator = 'create-transferkit-strategy'

/**
 * The part of a Vitest report that is read.
 *
 * @typedef {object} Report
 * @property {readonly { readonly assertionResults: readonly { readonly status: string, readonly ancestorTitles: readonly string[], readonly title: string }[] }[]} testResults
 */

/**
 * Scaffolds a strategy by the packed generator, sees its suite pass, breaks it in five ways and sees each found in the property that it breaks, and in no other.
 *
 * @param {Workshop} workshop
 */
export const checkScaffold = async ({ folder, packages }) => {
  const home = join(folder, 'home of an author')
  await installProject(home, { devDependencies: { [packageNamed(packages, generator).manifest.name]: '*' } }, packages)
  await run(home, [process.execPath, join('node_modules', generator, 'bin', 'create-strategy.js'), 'my-strategy'])

  const project = join(home, 'my-strategy')
  await installProject(project, JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')), packages)
  await run(project, ['npm', 'run', '--silent', 'typecheck'])
  await run(project, ['npm', 'test', '--silent'])

  const sources = join(project, 'src')
  for (const name of readdirSync(sources)) if (name.endsWith('.test.ts')) rmSync(join(sources, name))
  cpSync(fileURLToPath(new URL('projects/broken-strategies.js', import.meta.url)), join(sources, 'broken-strategies.test.js'))
  await attempt(project, [join('node_modules', '.bin', 'vitest'), 'run', '--reporter=json', '--outputFile=report.json', 'src/broken-strategies.test.js'])

  /** @type {Report} */
  const report = JSON.parse(readFileSync(join(project, 'report.json'), 'utf8'))
  const failed = report.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ ancestorTitles, title }) => `${/'([\w-]+)'/.exec(ancestorTitles.join(' '))?.[1] ?? ''}: ${title.split(':')[0] ?? ''}`)
  const expected = ['leaks: memory', 'moves-frozen: frozen', 'ignores-seed: determinism', 'wrong-gradient: gradients', 'loses-statistics: publish']
  if (failed.join() !== expected.join()) throw new Error(`The five broken strategies fail in\n  ${failed.join('\n  ') || 'nothing'}\nbut have to fail in\n  ${expected.join('\n  ')}`)
  return `a scaffolded strategy passes its suite; broken in ${expected.length} ways, it fails in ${expected.map((name) => name.split(': ')[1]).join(', ')}`
}
