import { beforeAll, expect, test } from 'vitest'
import { messagesFor } from './messages-for.js'

interface Mistake {
  /** What somebody did. */
  readonly title: string
  /** Names that the code needs from a package. */
  readonly from: readonly [names: string, moduleName: string]
  /** The code with the mistake. */
  readonly code: string
  /** What the message has to say. */
  readonly says: readonly string[]
}

const tensors = `
  declare const images: Tensor<['batch', 'height', 'width', 3]>, logits: Tensor<['batch', 'class']>, vectors: Tensor<['batch', 'channel']>
  declare const features: Tensor<['batch', 32]>, weight: Tensor<[64, 10]>, filters: Tensor<[3, 3, 1, 16]>, labels: Tensor<['batch'], 'int32'>
`

const mistakes: readonly Mistake[] = [
  {
    title: 'axes of other names are added',
    from: ['add, type Tensor', '@transferkit/tensor'],
    code: `${tensors} add(logits, vectors)`,
    says: ['add: axis class of [batch, class] does not fit axis channel of [batch, channel]'],
  },
  {
    title: 'matrices of other sizes are multiplied',
    from: ['matMul, type Tensor', '@transferkit/tensor'],
    code: `${tensors} matMul(features, weight)`,
    says: ['matMul: inner axis 32 of [batch, 32] does not fit inner axis 64 of [64, 10]'],
  },
  {
    title: 'filters are for images of other channels',
    from: ['conv2d, type Tensor', '@transferkit/tensor'],
    code: `${tensors} conv2d(images, filters)`,
    says: ['conv2d: channels 3 of images [batch, height, width, 3] do not fit channels 1 of filters [3, 3, 1, 16]'],
  },
  {
    title: 'an axis has another name than a function asks for',
    from: ['softmaxCrossEntropy, type Logits, type Tensor', '@transferkit/tensor'],
    code: `${tensors} const scores: Logits = vectors`,
    says: [`"channel"' is not assignable to type 'number | "class"'`],
  },
  {
    title: 'images are given where scores are asked for',
    from: ['softmaxCrossEntropy, type Tensor', '@transferkit/tensor'],
    code: `${tensors} softmaxCrossEntropy(images, labels)`,
    says: [`not assignable to parameter of type 'Logits'`, 'Source has 4 element(s) but target allows only 2'],
  },
  {
    title: 'integers are given where floats are asked for',
    from: ['relu, type Tensor', '@transferkit/tensor'],
    code: `${tensors} relu(labels)`,
    says: [`Type '"int32"' is not assignable to type '"float32"'`],
  },
  {
    title: 'something else than a number is differentiated',
    from: ['grad, type Logits', '@transferkit/tensor'],
    code: 'grad((x: Logits) => x)',
    says: [`return types 'Logits' and 'Scalar' are incompatible`],
  },
  {
    title: 'a kind of gate is misspelt',
    from: ['gate', '@transferkit/gates'],
    code: `gate({ kind: 'pointwize' })`,
    says: [`Did you mean '"pointwise"'?`],
  },
  {
    title: 'a unit has no gates',
    from: ['parameterTransferUnit', '@transferkit/gates'],
    code: `parameterTransferUnit({ candidate: 'light' })`,
    says: ['missing the following properties', 'transferGate, fineTuneGate'],
  },
  {
    title: 'an option of a strategy is misspelt',
    from: ['fineTune', '@transferkit/training'],
    code: 'fineTune({ headLearningRte: 10 })',
    says: [`'headLearningRte' does not exist in type 'FineTuneOptions'. Did you mean to write 'headLearningRate'?`],
  },
  {
    title: 'a transfer has nothing to transfer',
    from: ['fineTune, transfer', '@transferkit/training'],
    code: 'transfer({ strategy: fineTune(), steps: 3 })',
    says: [`missing the following properties from type 'TransferOptions': source, target`],
  },
  {
    title: 'two structures are composed',
    from: ['compose, fineTune', '@transferkit/training'],
    code: 'compose(fineTune(), fineTune())',
    says: [`Argument of type 'Strategy' is not assignable to parameter of type 'Regulariser'`],
  },
  {
    title: 'a strategy is asked for by a name that there is not',
    from: ['baselineStrategies, strategyById', '@transferkit/training'],
    code: `strategyById('fine-tuen', baselineStrategies)`,
    says: ['"fine-tuen"', 'StrategiesById'],
  },
  {
    title: 'a choice of an option is misspelt',
    from: ['ptu', '@transferkit/vision'],
    code: `ptu({ candidate: 'threestate' })`,
    says: [`Did you mean '"threeState"'?`],
  },
  {
    title: 'an option has the wrong case',
    from: ['gtn', '@transferkit/vision'],
    code: 'gtn({ warmup: 0.1 })',
    says: [`Did you mean to write 'warmUp'?`],
  },
  {
    title: 'a choice does not exist',
    from: ['parallelAdapters', '@transferkit/vision'],
    code: `parallelAdapters({ proj: '12' })`,
    says: [`"10" | "11" | "01"`],
  },
  {
    title: 'a text network has no vocabulary',
    from: ['textClassifier', '@transferkit/nlp'],
    code: 'textClassifier({ classes: 2 })',
    says: [`Property 'vocabulary' is missing`],
  },
  {
    title: 'a choice of a recurrent strategy is misspelt',
    from: ['recurrentPtu', '@transferkit/nlp'],
    code: `recurrentPtu({ layers: 'recurent' })`,
    says: [`Did you mean '"recurrent"'?`],
  },
  {
    title: 'a rule for pairs is misspelt',
    from: ['l2tWw', '@transferkit/meta'],
    code: `l2tWw({ pairs: 'all-to-al' })`,
    says: [`Did you mean '"all-to-all"'?`],
  },
  {
    title: 'a pair has other names for its sides',
    from: ['l2tWw', '@transferkit/meta'],
    code: `l2tWw({ pairs: [{ from: 'stage1', to: 'stage2' }] })`,
    says: [`'from' does not exist in type 'Pair'`],
  },
  {
    title: 'examples are a list of numbers',
    from: ['arrayDataset', '@transferkit/datasets'],
    code: `arrayDataset({ name: 'points', classes: ['a'], exampleShape: [1], inputs: [1], labels: [0] })`,
    says: [`Type 'number[]' is not assignable to type 'ExampleData'`],
  },
  {
    title: 'a backend is misspelt',
    from: ['openRuntime', '@transferkit/runtime/node'],
    code: `openRuntime({ backend: 'nativ' })`,
    says: [`Did you mean '"native"'?`],
  },
  {
    title: 'results are given as something else',
    from: ['summariseResults', 'transferkit'],
    code: `summariseResults({ rows: [] })`,
    says: [`'rows' does not exist in type 'readonly ResultRow[]'`],
  },
]

let messages: readonly (readonly string[])[]

// All at once, because reading the packages takes most of the time.
beforeAll(() => {
  messages = messagesFor(mistakes.map(({ from: [names, moduleName], code }) => `import { ${names} } from '${moduleName}'\n${code}`))
}, 600_000)

test.each(mistakes.map((mistake, index) => ({ ...mistake, index })))('when $title, there is one message that says so', ({ index, says }) => {
  expect(messages[index]).toHaveLength(1)
  for (const part of says) expect(messages[index]?.[0]).toContain(part)
})
