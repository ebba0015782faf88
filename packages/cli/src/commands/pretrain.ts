import { dirname, resolve } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { cacheFolder } from '@transferkit/datasets/node'
import { writeAtomically } from '@transferkit/training/node'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { dataFolder } from '../experiment/data-folder.js'
import { openBackend } from '../experiment/open-backend.js'
import { readRecipe } from '../experiment/read-recipe.js'
import { writeSourceFile } from '../experiment/source-file.js'
import { checkNetwork, obtainSource, releaseSource } from '../experiment/source-network.js'
import { comparison } from '../recipe/comparison.js'
import type { PretrainArguments } from './arguments.js'

/** Trains the source network of a recipe. @internal */
export const pretrainCommand = async (recipeFile: string, options: PretrainArguments, context: CommandContext): Promise<void> => {
  const { io, progress, json } = context
  const file = await readRecipe(recipeFile, io.workingFolder, comparison)
  const { recipe } = file
  if (recipe.source.pretrain === undefined) throw file.error([{ path: ['source', 'weights'], message: 'the source network is read from a file, so there is nothing to train; give pretrain in place of weights.' }])
  checkNetwork(file)
  const runtime = await openBackend(options, file, progress)
  try {
    progress.note(runtime.reason)
    const places = { ...dataFolder(options.dataDir, io), folder: file.folder, definitions: file.definitions, progress, signal: io.signal, cache: cacheFolder({ environment: io.environment }), runtime }
    const source = await obtainSource(file, places)
    try {
      const out = options.out === undefined ? undefined : resolve(io.workingFolder, options.out)
      if (out !== undefined) {
        await mkdir(dirname(out), { recursive: true })
        await writeAtomically(out, await writeSourceFile(source))
      }
      if (json) writeJson(context, { ...source.record, ...(out === undefined ? {} : { file: out }) })
      else io.stdout.write(`${source.record.network}, trained on ${source.record.dataset}${out === undefined ? ', is in the cache' : `, is in ${out}`}.\n`)
    } finally {
      releaseSource(source)
    }
  } finally {
    runtime.close()
  }
}
