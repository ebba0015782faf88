import { backendName, foldIn, inference, type LossInputs, type LossOutputs, randomKey, readSync, scalar, scope, type TransferProgram } from '@transferkit/tensor'
import { breach } from '@transferkit/tensor/conformance'
import { closeTo } from '@transferkit/tensor/testing'
import { batchOnBackend, consecutive, readBatch } from '../loop/batches.js'
import { mayCacheFeatures } from '../loop/cached-features.js'
import { phasesOf, type RunPhase } from '../loop/phases.js'
import { floatsOf } from '../safetensors/entry.js'
import { readSafetensors } from '../safetensors/read-safetensors.js'
import { classificationLoss } from '../strategies/classification-loss.js'
import type { ConformanceSetting, StrategyProperty } from './conformance-setting.js'
import { firstChange, firstDifference, logitsOf, programOf, sameBytes, tensorsOf, using, valuesOf, withStart } from './trained-values.js'

/** Enough steps for each phase of a strategy that has some to train for a while. */
const stepsOf = ({ phases }: TransferProgram): number => (phases === undefined ? 6 : 12)

const named = ({ name }: RunPhase): string => (name === undefined ? '' : ` of phase '${name}'`)

/** Trains and takes a checkpoint after each step but the last. */
const withCheckpoints = async (setting: ConformanceSetting, steps: number): Promise<{ readonly tensors: Uint8Array; readonly checkpoints: ReadonlyMap<number, Uint8Array> }> => {
  const checkpoints = new Map<number, Uint8Array>()
  const tensors = await tensorsOf(setting.run({ steps, checkpointEvery: 1, saveCheckpoint: (bytes, step) => void checkpoints.set(step, bytes) }))
  return { tensors, checkpoints }
}

/** @internal */
export const resume: StrategyProperty = {
  name: 'resume',
  title: 'a resumed training ends like one that was never stopped, in whichever phase it was',
  run: async (setting) => {
    const program = programOf(setting)
    const steps = stepsOf(program)
    const { tensors, checkpoints } = await withCheckpoints(setting, steps)
    for (const phase of phasesOf(program, steps)) {
      const resumeFrom = checkpoints.get(Math.max(1, Math.floor((phase.start + phase.end) / 2)))
      if (resumeFrom === undefined) return breach({ where: `the middle${named(phase)}`, expected: 'a checkpoint', found: 'none', advice: 'Let every phase have at least one of 12 steps.' })
      const resumed = await tensorsOf(setting.run({ steps, resumeFrom }))
      if (!sameBytes(tensors, resumed)) breach({ where: `${firstDifference(tensors, resumed)}, after a checkpoint in the middle${named(phase)}`, expected: 'the model of a training that was never stopped, bit for bit', found: 'another model', advice: 'What has to last from step to step belongs into params, state or extra, which are saved; count steps by progress.' })
    }
  },
}

/** Parameters of a checkpoint by path. */
const paramsIn = (checkpoint: Uint8Array): ReadonlyMap<string, Float32Array> =>
  new Map(readSafetensors(checkpoint).entries.flatMap((entry) => (entry.name.startsWith('params.') ? [[entry.name.slice('params.'.length), floatsOf(entry)] as const] : [])))

/** @internal */
export const held: StrategyProperty = {
  name: 'held',
  title: 'parameters that a phase holds stay as they are in it, bit for bit',
  run: async (setting) => {
    const program = programOf(setting)
    if (program.phases === undefined) return
    const steps = stepsOf(program)
    const key = foldIn(randomKey(5), 'init')
    const start = await withStart(setting, { ...program, init: () => program.init(key) }, 0, ({ params }) => valuesOf(params))
    const { checkpoints } = await withCheckpoints(setting, steps)
    const paramsAfter = (step: number): ReadonlyMap<string, Float32Array> => {
      const checkpoint = checkpoints.get(Math.min(step, steps - 1))
      return checkpoint === undefined ? start : paramsIn(checkpoint)
    }
    for (const phase of phasesOf(program, steps)) {
      const before = new Map([...paramsAfter(phase.start)].filter(([path]) => phase.trains?.(path) === false))
      const moved = firstChange(before, paramsAfter(phase.end))
      if (moved !== undefined) breach({ where: `the parameter '${moved}'${named(phase)}`, expected: "to stay as it was, for 'trains' says that it is not trained", found: 'other values at the end of the phase', advice: "Let 'trains' say which parameters the phase trains, and write into no tensor." })
    }
  },
}

const prefixedPhases = (program: TransferProgram): readonly RunPhase[] => phasesOf(program, 1000).filter((phase) => phase.program.prefix !== undefined)

/** @internal */
export const prefix: StrategyProperty = {
  name: 'prefix',
  title: 'a frozen prefix and the rest together are the forward pass, and have its loss',
  run: async (setting) => {
    const start = programOf(setting)
    for (const phase of prefixedPhases(start)) {
      const { program } = phase
      const { prefix: part } = program
      if (part === undefined) continue
      await withStart(setting, start, 3, async (variables) => {
        const whole = await logitsOf(setting, (images) => program.forward(variables, images, inference).logits)
        const parts = await logitsOf(setting, (images) => part.forward(variables, part.compute(variables, images), inference).logits)
        if (!closeTo(parts, whole)) breach({ where: `the frozen prefix${named(phase)}`, expected: 'the scores of the whole forward pass from compute and then forward', found: 'other scores', advice: 'Let compute give what the forward pass has at that place, in inference mode.' })
        if (!mayCacheFeatures(program, [])) return
        const [indices = new Int32Array(0)] = consecutive(setting.target.size, 8)
        const host = await readBatch(setting.target, indices, [], randomKey(0))
        scope(() => {
          const batch = batchOnBackend(host)
          const given: LossInputs = { variables, batch, key: randomKey(8), progress: scalar(0.5) }
          const lossOf = (loss: (inputs: LossInputs) => LossOutputs, inputs: LossInputs): Float32Array => readSync(loss(inputs).loss)
          const onImages = lossOf(program.loss?.bind(program) ?? classificationLoss(program), given)
          const onFeatures = lossOf(part.loss?.bind(part) ?? classificationLoss(part), { ...given, batch: { inputs: part.compute(variables, batch.inputs), labels: batch.labels } })
          if (!closeTo(onFeatures, onImages)) breach({ where: `the loss on features of the frozen prefix${named(phase)}`, expected: `${String(onImages)}, the loss on the images`, found: String(onFeatures), advice: 'A program with a loss of its own gives its prefix the same loss, on features.' })
        })
      })
    }
  },
}

/** @internal */
export const features: StrategyProperty = {
  name: 'features',
  title: 'features that are computed once an example give the same model as those that are computed in every step',
  run: async (setting) => {
    const program = programOf(setting)
    const shares = prefixedPhases(program).flatMap((phase) => (mayCacheFeatures(phase.program, []) ? [(phase.end - phase.start) / 1000] : []))
    if (shares.length === 0) return
    // Features are kept in a phase that looks at more examples than there are; the suite trains on four batches.
    const steps = Math.min(120, Math.floor(4 / Math.max(...shares)) + 2)
    let wereCached = false
    const run = setting.run({ steps })
    for await (const event of run) wereCached ||= event.type === 'features-cached'
    if (!wereCached) breach({ where: `${steps} steps`, expected: 'the features of the frozen prefix to be computed once an example and kept', found: 'they never were', advice: 'Is the phase that has the prefix too short?' })
    const cached = await using(await run, async (result) => (await result.artefact()).tensors)
    const computed = await tensorsOf(setting.run({ steps, features: false }))
    // Where batches of another size are added up in another order, the last digits differ.
    const isSame = backendName() === 'cpu' ? sameBytes(cached, computed) : areClose(cached, computed)
    if (!isSame) breach({ where: firstDifference(computed, cached), expected: 'the same model from a training on kept features as from one on images', found: 'another model', advice: 'The prefix must not change during the training, nor look at more than one example at a time.' })
  },
}

const areClose = (left: Uint8Array, right: Uint8Array): boolean => {
  const others = new Map(readSafetensors(right).entries.map((entry) => [entry.name, floatsOf(entry)]))
  return readSafetensors(left).entries.every((entry) => closeTo(floatsOf(entry), others.get(entry.name) ?? [], { absolute: 1e-3, relative: 1e-2 }))
}
