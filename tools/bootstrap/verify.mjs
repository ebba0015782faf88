// `npm run verify`: what `npm test` checks, on what a change affects. The tests that import what changed are run, without the slow ones in packages that only depend on it.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { nxCommand, nxEnvironment } from './prepare.mjs'
import { demandNode, runCommand, runStep, workspaceRoot } from './steps.mjs'
import { isPage, outputOfFailed, packageNamesOf, projectsOf, projectsWith } from './tasks.mjs'

/**
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<readonly string[]>} The lines that it prints.
 */
const linesOf = async (command) => {
  const { passed, output } = await runCommand(command, { environment: nxEnvironment })
  if (!passed) throw new Error(`${command.join(' ')}\n${output.trim()}`)
  return output.split('\n').filter((line) => line !== '')
}

/**
 * The commit that a branch began at.
 *
 * @param {string} branch
 * @returns {Promise<string | undefined>} Nothing where Git knows no such branch or commit.
 */
const beginningOf = async (branch) => {
  const { passed, output } = await runCommand(['git', 'merge-base', 'HEAD', branch])
  return passed ? output.trim() : undefined
}

/**
 * A check, which tells whether nothing failed.
 *
 * @typedef {() => Promise<boolean>} Check
 */

/**
 * A command as a check.
 *
 * @param {string} title
 * @param {readonly [string, ...string[]]} command
 * @param {Parameters<typeof runStep>[2]} [options]
 * @returns {Check}
 */
const checkOf = (title, command, options) => async () => (await runStep(title, command, options)).passed

/**
 * Runs a target of some projects.
 *
 * @param {string} title
 * @param {string} target
 * @param {readonly string[]} among
 * @returns {readonly Check[]} None where none of the projects has the target.
 */
const targetOf = (title, target, among) => {
  const projects = projectsWith(workspaceRoot, target).filter((project) => among.includes(project))
  if (projects.length === 0) return []
  // Two checks run at a time.
  const args = ['run-many', '-t', target, '-p', projects.join(','), '--parallel=1']
  return [checkOf(`${title}: ${projects.join(', ')}`, nxCommand(args), { environment: nxEnvironment, excerpt: outputOfFailed })]
}

/**
 * Runs tests of some projects in processes that go on from file to file, which takes half of the time. CI gives each file a process of its own.
 *
 * @param {string} title
 * @param {readonly string[]} among
 * @param {readonly string[]} [options] For Vitest.
 * @returns {readonly Check[]} None where none of the projects has tests.
 */
const testsOf = (title, among, options = []) => {
  const projects = projectsWith(workspaceRoot, 'test').filter((project) => among.includes(project))
  if (projects.length === 0) return []
  const args = [...options, '--run', '--no-isolate', '--reporter', 'dot', ...projects.flatMap((project) => ['--project', project])]
  return [checkOf(`${title}: ${projects.join(', ')}`, ['node_modules/.bin/vitest', ...args], { environment: { NO_COLOR: '1' } })]
}

/**
 * Runs checks side by side until one of them fails.
 *
 * @param {readonly Check[]} checks
 * @param {number} atATime
 */
const runAll = async (checks, atATime) => {
  const waiting = [...checks]
  let passed = true
  const work = async () => {
    for (let next = waiting.shift(); passed && next !== undefined; next = waiting.shift()) if (!(await next())) passed = false
  }
  await Promise.all(Array.from({ length: atATime }, work))
  return passed
}

const main = async () => {
  demandNode()
  const wanted = process.argv[2] ?? 'main'
  const base = await beginningOf(wanted)
  if (base === undefined) {
    console.error(`Git knows no '${wanted}' to compare with. Usage: npm run verify [-- COMMIT], COMMIT being what your change began at, such as origin/main; 'main' unless told.`)
    return 2
  }
  const files = [...(await linesOf(['git', 'diff', '--name-only', base])), ...(await linesOf(['git', 'ls-files', '--others', '--exclude-standard']))]
  const [known = '[]'] = await linesOf(['node_modules/.bin/nx', 'show', 'projects', '--affected', '--base', base, '--json'])
  /** @type {readonly string[]} */
  const affected = JSON.parse(known)
  const code = files.filter((file) => !isPage(file))
  const changed = projectsOf(workspaceRoot, code).filter((project) => affected.includes(project))
  const around = affected.filter((project) => !changed.includes(project))
  if (files.length === 0) {
    console.log(`Nothing that is checked has changed since ${base.slice(0, 7)}, the commit that it is compared with. Where you commit on main itself, name another one: npm run verify -- COMMIT`)
    return 0
  }
  console.log(`Changed: ${[...changed, ...(code.length < files.length ? ['pages'] : [])].join(', ')}. Depends on it: ${around.join(', ') || 'nothing'}.`)
  const sources = code.filter((file) => /\.(ts|mjs|js)$/.test(file) && existsSync(join(workspaceRoot, file)))
  const examples = { NO_COLOR: '1', TRANSFERKIT_EXAMPLES_OF: [...packageNamesOf(workspaceRoot, changed).map((name) => `'${name}'`), ...files].join(' ') }
  const alone = [
    checkOf('Run the examples of what changed', ['node_modules/.bin/vitest', 'run', '--project', 'examples', '--reporter', 'dot'], { environment: examples }),
    // The types of tools are those of the whole workspace, in one program.
    ...targetOf('Check the types', 'typecheck', [...changed, 'tools']),
    checkOf('Check the API reference', ['node_modules/.bin/typedoc', '--emit', 'none']),
    ...(sources.length === 0 ? [] : [checkOf('Lint what changed', ['node_modules/.bin/eslint', '--max-warnings', '0', '--no-warn-ignored', ...sources])]),
    // To try all tarballs as strangers do is a matter of CI: it takes longer than everything here.
    ...targetOf('Examine the tarballs', 'test:build', changed.filter((project) => project !== 'tools')),
    ...targetOf('Find what is unused', 'unused', ['tools']),
  ]
  // What no test imports, such as native code, asks for all tests.
  const which = code.every((file) => /\/src\/.*\.ts$/.test(file)) ? ['related', ...code] : []
  const quick = ['--mode', 'quick']
  // Vitest runs two files at a time itself.
  const tests = [
    ...testsOf('Test', changed, which),
    ...(code.length === 0 ? [] : testsOf('Test quickly', around, [...which, ...quick])),
    ...(code.length === files.length || changed.includes('tools') ? [] : testsOf('Test the pages', ['tools'], quick)),
  ]
  return (await runAll(alone, 2)) && (await runAll(tests, 1)) ? 0 : 1
}

process.exitCode = await main()
