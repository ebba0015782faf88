import { steps } from './steps.mjs'
import { here } from './turns.mjs'

/**
 * A contestant: what it is called, and the command that runs it.
 *
 * @typedef {readonly [label: string, command: string, ...args: string[]]} Contestant
 */

/** @type {(label: string, script: string, ...args: string[]) => Contestant} */
const script = (label, file, ...args) => [label, process.execPath, here(file), ...args]

/** @type {(name: string) => (python: string | undefined) => readonly Contestant[]} */
const trainingStep = (name) => (python) => [
  script('Transferkit, native, compiled', 'transferkit-step.mjs', name, 'native', 'compiled'),
  script('Transferkit, native, eager', 'transferkit-step.mjs', name, 'native', 'eager'),
  ...(python === undefined ? [] : ['default', 'channels-last'].map((layout) => /** @type {const} */ ([`PyTorch, ${layout}`, python, here('pytorch_step.py'), name, layout]))),
  ...(steps[name]?.strategy === 'scratch' ? [script('TensorFlow.js layers, native', 'layers-step.mjs', name)] : []),
]

/** @type {(batch: number) => () => readonly Contestant[]} */
const foldedInference = (batch) => () => [
  script('adapters folded', 'transferkit-inference.mjs', 'folded', String(batch)),
  script('plain network', 'transferkit-inference.mjs', 'plain', String(batch)),
  script('adapters and batch norm folded', 'transferkit-inference.mjs', 'norms', String(batch)),
  script('adapters beside the filters', 'transferkit-inference.mjs', 'adapters', String(batch)),
]

/**
 * What is compared, by name: the contestants, ours first.
 *
 * @type {Readonly<Record<string, (python: string | undefined) => readonly Contestant[]>>}
 */
export const comparisons = {
  'resnet32-batch128': trainingStep('resnet32-batch128'),
  'resnet26-batch32': trainingStep('resnet26-batch32'),
  'resnet26-adapters-batch32': trainingStep('resnet26-adapters-batch32'),
  'resnet26-inference-batch1': foldedInference(1),
  'resnet26-inference-batch64': foldedInference(64),
  'gtn-warm-up-epoch': () => [script('features computed once', 'transferkit-epoch.mjs', 'cached'), script('features computed in every step', 'transferkit-epoch.mjs', 'uncached')],
}
