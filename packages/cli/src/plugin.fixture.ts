import { arrayDataset, arrayTextDataset } from '@transferkit/datasets'
import { convolutionLayer, defineBackend, defineDataset, defineNetwork, foldIn, globalAveragePoolLayer, network, randomKey, reluLayer, sequential, uniformArray } from '@transferkit/tensor'
import { z } from 'zod'

const size = 6

/** A network of a plugin. */
export const tinyNetwork = defineNetwork({
  name: 'tiny-network',
  summary: 'One convolution.',
  options: z.strictObject({ channels: z.int().positive().default(3) }),
  make: ({ classes, inputShape = [size, size, 1] }, { channels }) =>
    network({
      name: 'tiny-network',
      classes,
      inputShape,
      stages: [
        { name: 'stage1', module: sequential({ convolution: convolutionLayer({ channels, kernelSize: 3 }), relu: reluLayer() }) },
        { name: 'pooled', module: globalAveragePoolLayer() },
      ],
    }),
})

/** A data set of a plugin: dark and bright images. */
export const shades = defineDataset({
  name: 'shades',
  summary: 'Dark and bright images.',
  options: z.strictObject({ count: z.int().positive().default(12).describe('Number of images.') }),
  splits: ['train', 'test'],
  open: ({ count }, { split = '' }) => {
    const labels = Array.from({ length: count }, (_, index) => index % 2)
    const noise = uniformArray(foldIn(randomKey(1), split), count * size * size)
    return arrayDataset({ name: `shades/${split}`, classes: ['dark', 'bright'], labels, exampleShape: [size, size, 1], inputs: Uint8Array.from(noise, (value, index) => 100 * value + 120 * (Math.floor(index / (size * size)) % 2)) })
  },
})

/** A set of texts of a plugin. */
export const words = defineDataset({
  name: 'words',
  summary: 'Two texts.',
  options: z.strictObject({}),
  open: () => arrayTextDataset({ name: 'words', classes: ['a', 'b'], texts: ['one', 'two'], labels: [0, 1] }),
})

/** A backend of a plugin that does not compute: the tests' own one stays active. */
export const absent = defineBackend({ name: 'absent', summary: 'It never starts.', open: () => Promise.resolve({ compile: (f) => f, close: () => undefined }) })
