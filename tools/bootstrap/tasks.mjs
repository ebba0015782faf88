import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The folders of all projects with what their descriptions say for Nx. What a package that is gone left behind, such as its build, is none.
 *
 * @param {string} workspaceRoot
 * @returns {readonly { folder: string, packageName: string, name: string, targets: Record<string, unknown> }[]}
 */
const projectsIn = (workspaceRoot) =>
  [...readdirSync(join(workspaceRoot, 'packages')).map((name) => `packages/${name}`), 'tools', 'docs'].filter((folder) => existsSync(join(workspaceRoot, folder, 'package.json'))).map((folder) => {
    /** @type {{ name: string, nx: { name: string, targets: Record<string, unknown> } }} */
    const { name: packageName, nx } = JSON.parse(readFileSync(join(workspaceRoot, folder, 'package.json'), 'utf8'))
    return { folder, packageName, ...nx }
  })

/**
 * The projects that have a target, by their Nx names.
 *
 * @param {string} workspaceRoot
 * @param {string} target
 * @returns {readonly string[]}
 */
export const projectsWith = (workspaceRoot, target) => projectsIn(workspaceRoot).flatMap(({ name, targets }) => (target in targets ? [name] : []))

/**
 * What projects are imported as.
 *
 * @param {string} workspaceRoot
 * @param {readonly string[]} projects Nx names.
 * @returns {readonly string[]}
 */
export const packageNamesOf = (workspaceRoot, projects) => projectsIn(workspaceRoot).flatMap(({ name, packageName }) => (projects.includes(name) ? [packageName] : []))

/**
 * Whether a file is only read by people, and by the quick tests of tools, which look at its links and names.
 *
 * @param {string} file A path from the root of the workspace.
 */
export const isPage = (file) => /\.md$|^NOTICE$/.test(file)

/**
 * The projects that some files belong to. Recipes are read by tests of tools and of the command line; any other file outside of the projects is the affair of all of them.
 *
 * @param {string} workspaceRoot
 * @param {readonly string[]} files Paths from the root of the workspace.
 * @returns {readonly string[]} Nx names.
 */
export const projectsOf = (workspaceRoot, files) => {
  const all = projectsIn(workspaceRoot)
  const owners = files.flatMap((file) => {
    const own = all.find(({ folder }) => file.startsWith(`${folder}/`))
    if (own !== undefined) return [own.name]
    return file.startsWith('examples/') ? ['tools', 'cli'] : all.map(({ name }) => name)
  })
  return [...new Set(owners)]
}

/**
 * The tasks that Nx lists at its end as failed, or as not run because one that they need failed.
 *
 * @param {string} output What Nx printed.
 * @returns {ReadonlySet<string>}
 */
export const failedTasks = (output) => {
  const summary = output.slice(Math.max(0, output.lastIndexOf(' NX   ')))
  return new Set([...summary.matchAll(/^- (\S+:\S+)$/gm)].map(([, task]) => task ?? ''))
}

/**
 * Only what the failed tasks printed, and Nx's own summary.
 *
 * @param {string} output What Nx printed.
 */
export const outputOfFailed = (output) => {
  const failed = failedTasks(output)
  const summaryAt = Math.max(0, output.lastIndexOf(' NX   '))
  const blocks = output
    .slice(0, summaryAt)
    .split(/^(?=> nx run )/m)
    .filter((block) => failed.has(/^> nx run (\S+)/.exec(block)?.[1]?.replaceAll('"', '') ?? ''))
  return [...blocks, output.slice(summaryAt)].join('')
}
