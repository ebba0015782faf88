import type { SafetensorsEntry } from '@transferkit/training'
import type { PytorchNames } from './renaming.js'

/** What training scripts put in front of all names: parallel training, wrappers of a model, checkpoints of a trainer, compiled models. */
const wrapper = /^(?:module|model|net|state_dict|_orig_mod)\./

/**
 * Entries under their names without what a training script put in front, by which the network has them.
 *
 * @param entries The entries of a file.
 * @param isExpected Whether the network has a tensor of a name; such a name is left as it is.
 * @returns The entries by name. Of several with one name the first has it, the others keep their own.
 */
export const unwrapped = (entries: readonly SafetensorsEntry[], isExpected: (name: string) => boolean): ReadonlyMap<string, SafetensorsEntry> => {
  const plain = (name: string): string => (isExpected(name) || !wrapper.test(name) ? name : plain(name.replace(wrapper, '')))
  const byName = new Map<string, SafetensorsEntry>()
  for (const entry of entries) {
    const name = plain(entry.name)
    byName.set(byName.has(name) ? entry.name : name, entry)
  }
  return byName
}

/**
 * Whether a tensor that the network does not have is nothing to worry about: the official code does not use it, or it counts the steps of a batch norm,
 * which PyTorch uses only where momentum is not constant.
 *
 * @param name Its name.
 * @param names Names of the network's modules.
 */
export const isPassedOver = (name: string, names: PytorchNames): boolean => name.endsWith('.num_batches_tracked') || names.isUnused?.(name) === true
