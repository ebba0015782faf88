/**
 * The ids of strategies and regularisers that Transferkit has.
 *
 * @type {readonly string[]}
 */
export const reservedIds = [
  'scratch',
  'feature-extraction',
  'fine-tune',
  'partial',
  'bn-adapt',
  'l2-sp',
  'l2-sp-penalty',
  'parallel-adapters',
  'series-adapters',
  'gtn',
  'ptu',
  'recurrent-ptu',
  'discrete-states',
  'fresh-network',
  'l2t-ww',
  'meta-sgd',
  'lwf',
  'attention-transfer',
  'feature-matching',
  'l2t-w',
  'dan',
  'dann',
]
