import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installProject } from './project.js'
import { run } from './run.js'

/** @import { Workshop } from './check.js' */

/**
 * Uses a Parameter Transfer Unit on a plain model of TensorFlow.js, with `@transferkit/gates` as the only package of ours that is asked for.
 *
 * @param {Workshop} workshop
 */
export const usePtuOnPlainModel = async ({ folder, packages }) => {
  const project = join(folder, 'plain model')
  await installProject(project, { dependencies: { '@tensorflow/tfjs': '4.22.0', '@transferkit/gates': '*' } }, packages)
  cpSync(fileURLToPath(new URL('projects/plain-model.js', import.meta.url)), join(project, 'plain-model.js'))
  return (await run(project, [process.execPath, 'plain-model.js'])).trim().split('\n').at(-1) ?? ''
}
