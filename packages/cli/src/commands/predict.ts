import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { normalise } from '@transferkit/datasets'
import { decodeImage } from '@transferkit/datasets/node'
import { type BatchTransform, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { loadArtefact, readTransferConfig, type TargetModel } from '@transferkit/training'
import { readArtefact } from '@transferkit/training/node'
import { type CommandContext } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { findArtefact, inArtefact } from '../experiment/artefact-folder.js'
import { type ArtefactRecord, readArtefactRecord } from '../experiment/artefact-record.js'
import { readArtefactSource } from '../experiment/artefact-source.js'
import { sourceOfRecord } from '../experiment/artefact-text.js'
import { availableDefinitions } from '../experiment/definitions.js'
import { openNamedBackend } from '../experiment/open-backend.js'
import type { SourceNetwork } from '../experiment/source-file.js'
import { releaseSource } from '../experiment/source-network.js'
import { readTextRecord } from '../experiment/text-record.js'
import { transformsOf } from '../experiment/transforms.js'
import { decimal } from '../report/format.js'
import type { PredictArguments } from './arguments.js'
import { predictTexts } from './predict-texts.js'
import { ranked } from './ranked.js'
import { splitList } from './split-list.js'

const readImage = async (path: string, { exampleShape: [height, width, channels], images }: ArtefactRecord): Promise<Uint8Array> => {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new TransferkitError('image/not-found', `${path}: cannot be read. Is it the path of an image file?`, { cause })
  })
  const { pixels } = await decodeImage(file, path, { channels: channels === 1 ? 'grey' : 'rgb', resize: { height, width, fit: images?.fit ?? 'cover' } })
  return pixels
}

const classify = async (model: TargetModel, record: ArtefactRecord, images: readonly string[], top: number, { io, json }: CommandContext): Promise<void> => {
  const rows: string[][] = []
  for (const image of images) {
    io.signal.throwIfAborted()
    const inputs = await readImage(resolve(io.workingFolder, image), record)
    const [prediction] = await model.predict({ inputs, shape: [1, ...record.exampleShape] })
    if (prediction === undefined) continue
    const best = ranked(prediction.probabilities, model.task.classes, top)
    if (json) io.stdout.write(`${JSON.stringify({ file: image, label: prediction.label, probability: prediction.probability, top: best })}\n`)
    else rows.push([image, prediction.label, best.map(({ label, probability }) => `${label} ${decimal(100 * probability)} %`).join(', ')])
  }
  if (!json) io.stdout.write(textTable([{ heading: 'image' }, { heading: 'class' }, { heading: 'most probable' }], rows))
}

/** How a model gets its inputs. */
interface Preparation {
  /** The source network that the model stands on. */
  readonly source: TrainedNetwork
  readonly transforms: readonly BatchTransform[]
  readonly classify: (model: TargetModel) => Promise<void>
  readonly release: () => void
}

const preparationFor = async (source: SourceNetwork, record: unknown, artefact: string, inputs: readonly string[], options: PredictArguments, context: CommandContext): Promise<Preparation> => {
  const textRecord = readTextRecord(record)
  if (textRecord !== undefined) {
    const { trained, release } = await sourceOfRecord(source, textRecord)
    return { source: trained, transforms: [], classify: (model) => predictTexts(model, textRecord, inputs, options, context), release }
  }
  const imageRecord = readArtefactRecord(record)
  if (imageRecord === undefined) throw new TransferkitError('artefact/no-record', `${artefact}: does not say how its inputs are prepared; it was made by a program of its own. Load it with loadArtefact of @transferkit/training.`)
  if (options.text !== undefined) throw new TransferkitError('usage/no-text-model', `${artefact}: is a model for images, so --text is not for it. Name image files.`)
  if (inputs.length === 0) throw new TransferkitError('usage/no-images', `${artefact}: is a model for images. Name image files to classify.`)
  return {
    source: source.trained,
    transforms: [...transformsOf(imageRecord.transforms), normalise(imageRecord.normalisation)],
    classify: (model) => classify(model, imageRecord, inputs, options.top, context),
    release: () => undefined,
  }
}

const locateArtefact = async (folder: string, workingFolder: string): Promise<string> => {
  const path = resolve(workingFolder, folder)
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  const found = isFolder === true ? await findArtefact(path, folder) : undefined
  if (found !== undefined) return found
  const problem = isFolder === undefined ? 'there is no such folder' : isFolder ? 'holds no transferred model' : 'is a file'
  throw new TransferkitError('artefact/not-found', `${folder}: ${problem}. Give the folder of a transferred model, such as runs/NAME/strategies/STRATEGY/seed-1; what "transferkit convert" wrote is for other programs, or the source of a recipe.`)
}

/** Classifies images or texts with a transferred model. @internal */
export const predictCommand = async (folder: string, inputs: readonly string[], options: PredictArguments, context: CommandContext): Promise<void> => {
  const { io } = context
  const path = await locateArtefact(folder, io.workingFolder)
  const artefact = await readArtefact(path)
  const { methods, networks, backends } = await availableDefinitions(splitList(options.plugins), io.workingFolder)
  const runtime = await openNamedBackend(options.backend, backends)
  try {
    const source = await readArtefactSource(path, options.source === undefined ? undefined : resolve(io.workingFolder, options.source), networks)
    try {
      const { record } = await inArtefact(path, () => readTransferConfig(artefact.config))
      const prepared = await preparationFor(source, record, folder, inputs, options, context)
      try {
        const model = await inArtefact(path, () => loadArtefact({ artefact, source: prepared.source, strategies: [...methods.values()], transforms: prepared.transforms }))
        try {
          await prepared.classify(model)
        } finally {
          model.release()
        }
      } finally {
        prepared.release()
      }
    } finally {
      releaseSource(source)
    }
  } finally {
    runtime.close()
  }
}
