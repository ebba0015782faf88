// `npm run verify`: what `npm test` checks, on what a change affects. What changed is tested in full; what depends on it is type-checked, and its quick tests are run.
import { nxCommand, nxEnvironment } from './prepare.mjs'
import { demandNode, runCommand, runStep, workspaceRoot } from './steps.mjs'
import { outputOfFailed, projectsOf, projectsWith } from './tasks.mjs'

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
 * Runs a target of some projects, where there are any.
 *
 * @param {string} title
 * @param {readonly string[]} targets
 * @param {readonly string[]} among
 * @returns {Promise<boolean>} Whether nothing failed.
 */
const check = async (title, targets, among) => {
  const projects = [...new Set(targets.flatMap((target) => projectsWith(workspaceRoot, target)))].filter((project) => among.includes(project))
  if (projects.length === 0) return true
  // Two native backends at a time would share two cores.
  const turns = targets.some((target) => /^test(:quick)?$/.test(target)) ? ['--parallel=1'] : []
  const { passed } = await runStep(`${title}: ${projects.join(', ')}`, nxCommand(['run-many', '-t', targets.join(','), '-p', projects.join(','), ...turns]), { environment: nxEnvironment, excerpt: outputOfFailed })
  return passed
}

const main = async () => {
  demandNode()
  const [base = 'HEAD'] = await linesOf(['git', 'merge-base', 'HEAD', process.argv[2] ?? 'main'])
  const files = [...(await linesOf(['git', 'diff', '--name-only', base])), ...(await linesOf(['git', 'ls-files', '--others', '--exclude-standard']))]
  const [known = '[]'] = await linesOf(['node_modules/.bin/nx', 'show', 'projects', '--affected', '--base', base, '--json'])
  /** @type {readonly string[]} */
  const affected = JSON.parse(known)
  const changed = projectsOf(workspaceRoot, files).filter((project) => affected.includes(project))
  const around = affected.filter((project) => !changed.includes(project))
  if (affected.length === 0) {
    console.log('Nothing that is checked has changed.')
    return 0
  }
  console.log(`Changed: ${changed.join(', ')}. Depends on it: ${around.join(', ') || 'nothing'}.`)
  /** @type {readonly (() => Promise<boolean>)[]} */
  const checks = [
    () => check('Lint', ['lint'], changed),
    () => check('Find what is unused', ['unused'], ['tools']),
    () => check('Check and test the types', ['typecheck', 'test:types'], affected),
    () => check('Test', ['test'], changed),
    () => check('Test quickly', ['test:quick'], around),
    () => check('Run the examples of the documentation', ['test:examples'], affected),
    () => check('Examine the tarballs', ['test:build'], changed),
    () => check('Build the API reference', ['docs'], changed),
  ]
  for (const one of checks) if (!(await one())) return 1
  return 0
}

process.exitCode = await main()
