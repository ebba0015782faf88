import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { normalise } from '@transferkit/datasets'
import { decodeImage } from '@transferkit/datasets/node'
import { openRuntime } from '@transferkit/runtime/node'
import { TransferkitError } from '@transferkit/tensor'
import { loadArtefact, type Prediction, readTransferConfig, type TargetModel } from '@transferkit/training'
import { readArtefact } from '@transferkit/training/node'
import { type CommandContext } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { type ArtefactRecord, readArtefactRecord } from '../experiment/artefact-record.js'
import { readArtefactSource } from '../experiment/artefact-source.js'
import { availableMethods } from '../experiment/methods.js'
import { releaseSource } from '../experiment/source-network.js'
import { transformsOf } from '../experiment/transforms.js'
import { decimal } from '../report/format.js'
import type { PredictArguments } from './arguments.js'
import { splitList } from './split-list.js'

const readImage = async (path: string, { exampleShape: [height, width, channels], images }: ArtefactRecord): Promise<Uint8Array> => {
  const file = await readFile(path).catch((cause: unknown) => {
    throw new TransferkitError('image/not-found', `${path}: cannot be read. Is it the path of an image file?`, { cause })
  })
  const { pixels } = await decodeImage(file, path, { channels: channels === 1 ? 'grey' : 'rgb', resize: { height, width, fit: images?.fit ?? 'cover' } })
  return pixels
}

const ranked = ({ probabilities }: Prediction, classes: readonly string[], top: number): readonly { readonly label: string; readonly probability: number }[] =>
  classes
    .map((label, index) => ({ label, probability: probabilities[index] ?? 0 }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)

const classify = async (model: TargetModel, record: ArtefactRecord, images: readonly string[], top: number, { io, json }: CommandContext): Promise<void> => {
  const rows: string[][] = []
  for (const image of images) {
    io.signal.throwIfAborted()
    const inputs = await readImage(resolve(io.workingFolder, image), record)
    const [prediction] = await model.predict({ inputs, shape: [1, ...record.exampleShape] })
    if (prediction === undefined) continue
    const best = ranked(prediction, model.task.classes, top)
    if (json) io.stdout.write(`${JSON.stringify({ file: image, label: prediction.label, probability: prediction.probability, top: best })}\n`)
    else rows.push([image, prediction.label, best.map(({ label, probability }) => `${label} ${decimal(100 * probability)} %`).join(', ')])
  }
  if (!json) io.stdout.write(textTable([{ heading: 'image' }, { heading: 'class' }, { heading: 'most probable' }], rows))
}

/** Classifies images with a transferred model. @internal */
export const predictCommand = async (folder: string, images: readonly string[], options: PredictArguments, context: CommandContext): Promise<void> => {
  const { io } = context
  const path = resolve(io.workingFolder, folder)
  const artefact = await readArtefact(path)
  const record = readArtefactRecord(readTransferConfig(artefact.config).record)
  if (record === undefined) throw new TransferkitError('artefact/no-record', `${folder}: does not say how images are prepared; it was made by a program of its own. Load it with loadArtefact of @transferkit/training.`)
  const methods = await availableMethods(splitList(options.plugins), io.workingFolder)
  const runtime = await openRuntime(options.backend === undefined ? {} : { backend: options.backend })
  try {
    const source = await readArtefactSource(path, options.source === undefined ? undefined : resolve(io.workingFolder, options.source))
    try {
      const transforms = [...transformsOf(record.transforms), normalise(record.normalisation)]
      const model = await loadArtefact({ artefact, source: source.trained, strategies: [...methods.values()], transforms })
      try {
        await classify(model, record, images, options.top, context)
      } finally {
        model.release()
      }
    } finally {
      releaseSource(source)
    }
  } finally {
    runtime.close()
  }
}
