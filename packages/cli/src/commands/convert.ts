import { resolve } from 'node:path'
import { countElements, type TrainedNetwork, TransferkitError } from '@transferkit/tensor'
import { foldBatchNorms } from '@transferkit/vision'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { chooseOutput, type Input, type Output, recogniseInput } from '../convert/formats.js'
import { type ReadNetwork, readNetwork, type TensorCounts } from '../convert/read-network.js'
import { sameLogits } from '../convert/same-logits.js'
import { type WriteOptions, type Written, writeFiles, writtenAs } from '../convert/write-network.js'
import { availableDefinitions, type Definitions } from '../experiment/definitions.js'
import { openNamedBackend } from '../experiment/open-backend.js'
import { releaseNetwork } from '../experiment/source-file.js'
import type { Normalisation } from '../recipe/image-schemas.js'
import { counted, grouped } from '../report/format.js'
import type { ConvertArguments } from './arguments.js'
import { splitList } from './split-list.js'

/** What a conversion did. */
interface ConversionReport {
  readonly from: Input
  readonly to: Output
  readonly network: string
  readonly classes: number
  readonly parameters: number
  readonly tensors?: TensorCounts
  readonly foldedBatchNorms?: number
  readonly keptBatchNorms?: readonly string[]
  readonly largestDifference: number
  readonly files: readonly string[]
}

const normalisationOf = ({ mean, std }: ConvertArguments): Normalisation | undefined => {
  if (mean === undefined && std === undefined) return undefined
  if (mean === undefined || std === undefined || mean.length !== std.length) throw new TransferkitError('usage/normalisation', 'Give --mean and --std together, with a number for each channel, such as --mean 0.5,0.5,0.5 --std 0.5,0.5,0.5.')
  if (!std.every((value) => value > 0)) throw new TransferkitError('usage/normalisation', 'Each standard deviation (--std) is above 0.')
  return { mean: [...mean], standardDeviation: [...std] }
}

/** What an export and a file of ours say of a part that they have no place for. */
const partsWithoutPlace = ['export/unknown-module', 'pytorch/unknown-module', 'safetensors/does-not-fit']

/** Folding leaves parts such as the gate of gtn in the network, which only a program of ours can run. */
const explained = (cause: unknown, input: Input, { format }: Output): unknown => {
  if (input.format !== 'artefact' || !TransferkitError.isInstance(cause) || !partsWithoutPlace.includes(cause.code)) return cause
  return new TransferkitError('convert/no-fold', `${input.path}: the model has parts of its strategy that the format ${format} has no place for, so it only runs with Transferkit.`, { cause })
}

const writtenAndRead = async (network: ReadNetwork, output: Output, options: WriteOptions): Promise<{ readonly written: Written; readonly back: TrainedNetwork }> => {
  const written = await writtenAs(network, output, options)
  return { written, back: written.readBack() }
}

const convert = async (input: Input, output: Output, network: ReadNetwork, options: ConvertArguments, { networks }: Definitions): Promise<ConversionReport> => {
  const normalisation = normalisationOf(options)
  const plain = options.fold === true ? foldBatchNorms(network.trained) : undefined
  try {
    const changed: ReadNetwork = plain === undefined ? network : { ...network, trained: plain, ...(network.model === undefined ? {} : { model: { ...network.model, isChanged: true } }) }
    const { written, back } = await writtenAndRead(changed, output, { ...(options.names === undefined ? {} : { names: options.names }), ...(normalisation === undefined ? {} : { normalisation }), networks }).catch((cause: unknown) => {
      throw explained(cause, input, output)
    })
    try {
      const largestDifference = sameLogits((inputs) => network.logits(inputs), back, network.trained.network.inputShape)
      await writeFiles(written.files, options.force === true)
      return {
        from: input,
        to: output,
        network: network.record.network,
        classes: network.trained.network.classes,
        parameters: countElements(changed.trained.variables.params),
        ...(network.tensors === undefined ? {} : { tensors: network.tensors }),
        ...(plain === undefined ? {} : { foldedBatchNorms: plain.folded.length, keptBatchNorms: plain.kept }),
        largestDifference,
        files: written.files.map(({ path }) => path),
      }
    } finally {
      releaseNetwork(back)
    }
  } finally {
    if (plain !== undefined) releaseNetwork(plain)
  }
}

const reportLines = ({ from, to, network, classes, parameters, tensors, foldedBatchNorms, keptBatchNorms = [], largestDifference, files }: ConversionReport): readonly string[] => [
  `${from.format} to ${to.format}: ${network}`,
  `classes      ${grouped(classes)}`,
  `parameters   ${grouped(parameters)}`,
  ...(tensors === undefined ? [] : [`tensors      ${tensors.matched} matched, ${tensors.missing.length} missing, ${tensors.unexpected.length} unexpected, ${tensors.misshapen.length} of another shape`]),
  ...(foldedBatchNorms === undefined ? [] : [`folded       ${counted(foldedBatchNorms, 'batch norm')}${keptBatchNorms.length === 0 ? '' : `; kept: ${keptBatchNorms.join(', ')}`}`]),
  `same scores  on random images before and after, but for ${largestDifference.toExponential(1)} of the largest`,
  ...files.map((path) => `written      ${path}`),
]

/** Converts a network from one format to another. @internal */
export const convertCommand = async (from: string, to: string, options: ConvertArguments, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const input = await recogniseInput(resolve(io.workingFolder, from), from, options.from)
  const output = chooseOutput(resolve(io.workingFolder, to), to, input.format, options.to)
  const definitions = await availableDefinitions(splitList(options.plugins), io.workingFolder)
  const runtime = await openNamedBackend(options.backend, definitions.backends)
  try {
    const { network: name, classes, names, source } = options
    const network = await readNetwork(input, {
      definitions,
      ...(name === undefined ? {} : { network: name }),
      ...(classes === undefined ? {} : { classes }),
      ...(names === undefined ? {} : { names }),
      ...(source === undefined ? {} : { source: resolve(io.workingFolder, source) }),
    })
    try {
      const report = await convert(input, output, network, options, definitions)
      if (json) writeJson(context, report)
      else io.stdout.write(reportLines(report).map((line) => `${line}\n`).join(''))
    } finally {
      network.release()
    }
  } finally {
    runtime.close()
  }
}
