import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The projects that have a target, by their Nx names.
 *
 * @param {string} workspaceRoot
 * @param {string} target
 * @returns {readonly string[]}
 */
export const projectsWith = (workspaceRoot, target) =>
  [...readdirSync(join(workspaceRoot, 'packages')).map((name) => join('packages', name)), 'tools', 'docs'].flatMap((folder) => {
    /** @type {{ nx: { name: string, targets: Record<string, unknown> } }} */
    const { nx } = JSON.parse(readFileSync(join(workspaceRoot, folder, 'package.json'), 'utf8'))
    return target in nx.targets ? [nx.name] : []
  })

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
