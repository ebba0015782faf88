// `npm test`: every check and every test, from a fresh clone. `npm test -- --filter tensor` keeps to one project.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { countOne, countTests, lastLine, skippedTests, sum } from './counts.mjs'
import { build, install, nxCommand, nxEnvironment, prepareRuntime } from './prepare.mjs'
import { demandNode, runStep, workspaceRoot } from './steps.mjs'
import { failedTasks, outputOfFailed, projectsWith } from './tasks.mjs'

/** @import { Counts } from './counts.mjs' */

const results = join(workspaceRoot, '.results')

/**
 * A step of the test run: one Nx target for every project that has it.
 *
 * @typedef {object} Check
 * @property {string} title
 * @property {string} target
 * @property {(project: string) => string} [report] The name of Vitest's report, where the target runs tests; else each project counts once.
 */

/** @type {readonly Check[]} */
const checks = [
  { title: 'Lint', target: 'lint' },
  { title: 'Find unused files, exports and dependencies', target: 'unused' },
  { title: 'Check the types', target: 'typecheck' },
  { title: 'Test the types', target: 'test:types', report: (project) => `${project}.types.json` },
  { title: 'Test', target: 'test', report: (project) => `${project}.test.json` },
  { title: 'Run the examples of the documentation', target: 'test:examples', report: () => 'examples.test.json' },
  { title: 'Examine the tarballs', target: 'test:build' },
  { title: 'Build the API reference', target: 'docs' },
]

/**
 * @param {Check} check
 * @param {string | undefined} filter
 * @returns {Promise<Counts>}
 */
const runCheck = async ({ title, target, report }, filter) => {
  const projects = projectsWith(workspaceRoot, target).filter((project) => filter === undefined || project === filter)
  if (projects.length === 0) return sum([])
  // Two native backends at a time would share two cores, so the projects' tests take turns; Vitest runs their files two at a time.
  // Nx shares its cache between checkouts, and not everything that a test depends on is a file of one; where the result counts, everything is run.
  const anew = process.env['CI'] === undefined ? [] : ['--skip-nx-cache']
  const args = ['run-many', '-t', target, '-p', projects.join(','), ...(target === 'test' ? ['--parallel=1'] : []), ...anew]
  const { passed, output } = await runStep(title, nxCommand(args), { environment: nxEnvironment, excerpt: outputOfFailed })
  const failed = failedTasks(output)
  if (!passed && failed.size === 0) return countOne(false)
  return sum(
    projects.map((project) => {
      const projectPassed = !failed.has(`${project}:${target}`)
      if (report === undefined) return countOne(projectPassed)
      const file = join(results, report(project))
      for (const line of skippedTests(file)) console.log(`        ${project}: ${line}`)
      return countTests(file, projectPassed)
    }),
  )
}

const main = async () => {
  demandNode()
  const [option, filter] = process.argv.slice(2)
  if (option !== undefined && (option !== '--filter' || filter === undefined)) {
    console.error('Usage: npm test [-- --filter PROJECT], PROJECT being the name of a folder in packages, or tools.')
    return 2
  }
  const projects = [...new Set(checks.flatMap(({ target }) => projectsWith(workspaceRoot, target)))]
  if (filter !== undefined && !projects.includes(filter)) {
    console.error(`There is no project '${filter}'. There are: ${projects.join(', ')}.`)
    return 2
  }
  rmSync(results, { recursive: true, force: true })

  /** @type {Counts[]} */
  const counts = []
  for (const prepare of [install, build, prepareRuntime]) {
    const { passed } = await prepare()
    counts.push(countOne(passed))
    // Without its dependencies nothing else can run, and a hundred failures would say no more than one.
    if (!passed && prepare === install) break
  }
  if (counts[0]?.failed === 0) for (const check of checks) counts.push(await runCheck(check, filter))

  const total = sum(counts)
  console.log(lastLine(total))
  return total.failed === 0 ? 0 : 1
}

process.exitCode = await main()
