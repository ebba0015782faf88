// Checks a package as its users get it: `node tools/pack/check.js packages/<name>` packs it and examines the tarball.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack } from './pack.js'

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
const binaries = join(workspaceRoot, 'node_modules', '.bin')
const packageFolder = join(workspaceRoot, process.argv[2] ?? '')
/** @type {{ exports: object }} */
const { exports } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'transferkit-pack-'))

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
const run = (command, args) => execFileSync(command, args, { cwd: packageFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })

try {
  const tarball = pack(packageFolder, scratch)
  const files = run('tar', ['-tzf', tarball]).trim().split('\n')

  // A template makes files of its user's, tests among them.
  const unwanted = files.filter((file) => !file.endsWith('.template') && /\.(test|test-d|fixture)\.|\.tsbuildinfo$|\/\./.test(file))
  if (unwanted.length > 0) throw new Error(`The tarball holds files that its users do not need: ${unwanted.join(', ')}. Exclude them in "files".`)
  if (!files.includes('package/LICENSE')) throw new Error('The tarball holds no LICENSE.')
  // The template of strategies has no build, and nothing of others.
  if (files.some((file) => file.startsWith('package/dist/')) && !files.includes('package/dist/NOTICE')) throw new Error('The tarball holds no NOTICE; the target build puts it into dist.')

  run(join(binaries, 'publint'), [tarball, '--strict'])
  // A package that is only a command has no types.
  if ('.' in exports) run(join(binaries, 'attw'), [tarball, '--profile', 'esm-only'])
  console.log(`${files.length} files: publint and attw found nothing wrong.`)
} catch (error) {
  // What the failed command printed is the message for the author; the stack would only hide it.
  const { stdout, message } = /** @type {{ stdout?: string, message: string }} */ (error)
  console.error(stdout ? `${stdout}\n${message}` : message)
  process.exitCode = 1
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
