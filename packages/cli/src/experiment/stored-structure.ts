import { denseLayer, identityLayer, type Images, type Module, type Network, replaceModules } from '@transferkit/tensor'
import { convolutionWithBias } from '@transferkit/vision'

const replacement = (path: string, module: Module, has: (prefix: string) => boolean): Module | undefined => {
  switch (module.description.kind) {
    case 'convolution':
    case 'depthwise-convolution':
      // The kind says that it takes images and gives images.
      return module.description['bias'] !== true && has(`params.${path}.bias`) ? convolutionWithBias(module as unknown as Module<Images, Images>) : undefined
    case 'dense':
      return module.description['bias'] === false && has(`params.${path}.bias`) ? denseLayer({ units: Number(module.description['units']) }) : undefined
    case 'batch-norm':
      return has(`params.${path}.`) || has(`state.${path}.`) ? undefined : identityLayer()
    default:
      return undefined
  }
}

/**
 * A network as a file stores it: folding gives convolutions a bias and takes batch norms away, which the names of the tensors tell.
 *
 * @param network The network as it was before.
 * @param names Names of the tensors in the file.
 * @internal
 */
export const asStored = (network: Network, names: ReadonlySet<string>): Network => {
  const listed = [...names]
  return replaceModules(network, (path, module) => replacement(path, module, (prefix) => listed.some((name) => name.startsWith(prefix))))
}
