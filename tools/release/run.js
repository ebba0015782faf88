import { spawn } from 'node:child_process'

/**
 * Runs a command to its end.
 *
 * @param {string} folder
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<string>} What it printed.
 * @throws Error with what it printed, where it fails.
 */
export const run = async (folder, command) => {
  const { passed, output } = await attempt(folder, command)
  if (!passed) throw new Error(`In ${folder}: ${command.join(' ')}\n${output}`)
  return output
}

/**
 * Runs a command that may fail.
 *
 * @param {string} folder
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<{ passed: boolean, output: string }>}
 */
export const attempt = (folder, [program, ...args]) =>
  new Promise((resolve) => {
    // What pnpm, Nx and Vite leave behind for their children is none of a stranger's: NODE_ENV=production would leave out what a project is developed with.
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_(package|lifecycle|command|execpath)|NX_|FORCE_COLOR|NODE_ENV)/.test(name)))
    const child = spawn(program, args, { cwd: folder, env: { ...environment, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] })
    /** @type {string[]} */
    const chunks = []
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ passed: false, output: error.message }))
    child.on('close', (code) => resolve({ passed: code === 0, output: chunks.join('') }))
  })
