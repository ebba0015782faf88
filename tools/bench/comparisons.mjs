import { metaSteps, recurrentStepNamed, recurrentSteps, steps } from './steps.mjs'
import { pluginSteps } from './plugin-steps.mjs'
import { here } from './turns.mjs'

/**
 * @typedef {object} Contestant
 * @property {string} label What it is called.
 * @property {readonly [command: string, ...args: string[]]} run What runs it.
 * @property {boolean} [compiles] Whether its first step may take long, because a compiler runs.
 * @property {boolean} [startsElsewhere] Whether its losses are not those of the others, because it starts from other weights or computes something else.
 */

/**
 * @typedef {object} Surroundings What contestants are made with.
 * @property {string | undefined} python A Python that has torch.
 * @property {string} start A file with the weights that all start from, where the comparison has one.
 */

/**
 * @typedef {object} Comparison What is compared.
 * @property {(surroundings: Surroundings) => readonly Contestant[]} contestants Ours first: it is compared with each.
 * @property {readonly [command: string, ...args: string[]]} [writeStart] Writes the file to start from, whose name is appended. The losses of all contestants then have to agree.
 * @property {number} [tolerance] How far the losses of the same steps may be apart, as a share of the first contestant's; 0.002 unless told.
 * @property {boolean} [counts] Whether the multiply-adds of our step are counted; yes unless told.
 */

/** @type {(file: string, ...args: string[]) => readonly [string, ...string[]]} */
const node = (file, ...args) => [process.execPath, here(file), ...args]

/** @type {(script: string, name: string) => readonly Contestant[]} */
const ours = (script, name) => ['compiled', 'eager'].map((mode) => ({ label: `Transferkit, native, ${mode}`, run: node(script, name, 'native', mode) }))

/** @type {(python: string | undefined, file: string, forms: Readonly<Record<string, readonly string[]>>) => readonly Contestant[]} */
const pytorch = (python, file, forms) => (python === undefined ? [] : Object.entries(forms).map(([form, args]) => ({ label: `PyTorch, ${form}`, run: [python, here(file), ...args], compiles: form.startsWith('compiled') })))

/** Forms of a network in PyTorch: the layout that it has unless told, the faster one, and its compiler on top of that. @type {(args: readonly string[]) => Readonly<Record<string, readonly string[]>>} */
const layouts = (args) => ({ default: ['default', ...args], 'channels-last': ['channels-last', ...args], compiled: ['compiled', ...args] })

/** A step in bfloat16 is compiled, and is compared with itself in float32, too. @type {(name: string) => readonly Contestant[]} */
const inBfloat16 = (name) => [
  { label: 'Transferkit, native, bfloat16', run: node('transferkit-step.mjs', name, 'native', 'compiled') },
  { label: 'Transferkit, native, float32', run: node('transferkit-step.mjs', name.replace('-bfloat16', ''), 'native', 'compiled') },
]

/** @type {(name: string, step: import('./steps.mjs').Step) => Comparison} */
const imageStep = (name, { network, strategy, options, batch, size, precision = 'float32' }) => ({
  contestants: ({ python, start }) => [
    ...(precision === 'bfloat16' ? inBfloat16(name) : ours('transferkit-step.mjs', name)),
    ...pytorch(python, 'pytorch_step.py', layouts([start, network, strategy, options?.candidate ?? 'none', String(batch), String(size), precision])),
    ...(strategy === 'scratch' && precision === 'float32' ? [{ label: 'TensorFlow.js layers, native', run: node('layers-step.mjs', name), startsElsewhere: true }] : []),
  ],
  writeStart: node('transferkit-step.mjs', name, 'start'),
  // Numbers of 8 significant bits.
  ...(precision === 'bfloat16' ? { tolerance: 2e-2 } : {}),
})

/** The strategy of a package that a generator wrote, beside fine-tuning of the same network. @type {(name: string) => Comparison} */
const pluginStep = (name) => ({
  contestants: () => [
    ...ours('plugin-step.mjs', name),
    { label: 'Transferkit, native, compiled, fine-tune', run: node('plugin-step.mjs', name, 'native', 'compiled', 'fine-tune'), startsElsewhere: true },
  ],
})

/** @type {(name: string) => Comparison} */
const recurrentStep = (name) => ({
  contestants: ({ python, start }) => {
    const { cell, candidate, optimiser, hiddenSize, batch, length, embeddingSize, vocabulary } = recurrentStepNamed(name)
    const args = [start, cell, candidate ?? 'none', optimiser, ...[hiddenSize, batch, length, embeddingSize, vocabulary].map(String)]
    return [
      ...ours('transferkit-recurrent.mjs', name),
      // Beside its fused layer a loop over the steps has no chance, compiled or not.
      ...pytorch(python, 'pytorch_recurrent.py', candidate === undefined ? { 'fused layer': ['fused', ...args] } : { loop: ['loop', ...args], 'compiled loop': ['compiled', ...args] }),
      ...(candidate === undefined ? [{ label: 'TensorFlow.js layers, native', run: node('layers-recurrent.mjs', name, start), startsElsewhere: cell === 'gru' }] : []),
    ]
  },
  writeStart: node('transferkit-recurrent.mjs', name, 'start'),
})

/** @type {(name: string, step: import('./steps.mjs').MetaStep) => Comparison} */
const metaStep = (name, { form, batch }) => ({
  contestants: ({ python, start }) => [
    ...ours('transferkit-l2t-ww.mjs', name),
    ...pytorch(python, 'pytorch_l2t_ww.py', {
      'as the official code': ['default', start, String(batch)],
      'as the official code, channels-last': ['channels-last', start, String(batch)],
      'source features once': ['source-once', start, String(batch)],
      // Its meta-gradient is the exact one, and the meta-networks part from those of other forms.
    }).map((each) => ({ ...each, startsElsewhere: form !== 'exact' })),
  ],
  writeStart: node('transferkit-l2t-ww.mjs', name, 'start'),
})

/** @type {(batch: number) => Comparison} */
const foldedInference = (batch) => ({
  contestants: ({ python, start }) => [
    ...Object.entries({ 'adapters folded': 'folded', 'plain network': 'plain', 'adapters and batch norm folded': 'norms', 'adapters beside the filters': 'adapters' }).map(([label, form]) => ({
      label: `Transferkit, native, ${label}`,
      run: node('transferkit-inference.mjs', form, String(batch)),
      startsElsewhere: form === 'plain',
    })),
    ...pytorch(python, 'pytorch_inference.py', layouts([start, String(batch)])),
  ],
  writeStart: node('transferkit-inference.mjs', 'start'),
})

/** @type {Comparison} */
const warmUpEpoch = {
  contestants: ({ python }) => [
    { label: 'Transferkit, native, features computed once', run: node('transferkit-epoch.mjs', 'cached') },
    { label: 'Transferkit, native, features computed in every step', run: node('transferkit-epoch.mjs', 'uncached') },
    ...pytorch(python, 'pytorch_epoch.py', {
      'as the official code': ['official', 'default'],
      'as the official code, channels-last': ['official', 'channels-last'],
      'source not differentiated, channels-last': ['frozen', 'channels-last'],
    }),
  ],
  // An epoch is several steps, of which the first is recorded.
  counts: false,
}

/** @type {<S>(known: Readonly<Record<string, S>>, make: (name: string, step: S) => Comparison) => Readonly<Record<string, Comparison>>} */
const each = (known, make) => Object.fromEntries(Object.entries(known).map(([name, step]) => [name, make(name, step)]))

// Other steps are for the script that watches the memory.
const { 'digits-batch64': _, ...imageSteps } = steps

/**
 * What is compared, by name.
 *
 * @type {Readonly<Record<string, Comparison>>}
 */
export const comparisons = {
  ...each(imageSteps, imageStep),
  ...each(pluginSteps, pluginStep),
  'resnet26-inference-batch1': foldedInference(1),
  'resnet26-inference-batch64': foldedInference(64),
  'gtn-warm-up-epoch': warmUpEpoch,
  ...each(recurrentSteps, recurrentStep),
  ...each(metaSteps, metaStep),
}
