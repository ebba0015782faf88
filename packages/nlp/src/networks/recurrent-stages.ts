import type { Stage } from '@transferkit/tensor'
import { bidirectionalLayer } from '../recurrent/bidirectional-layer.js'
import { gruCell } from '../recurrent/gru-cell.js'
import { lstmCell } from '../recurrent/lstm-cell.js'
import { recurrentLayer } from '../recurrent/recurrent-layer.js'
import { checkSizes, type RecurrentStageOptions } from './text-network-options.js'

const cells = { lstm: lstmCell, gru: gruCell }

/** The stages `recurrent1`, `recurrent2`, ...; each drops values of its input. */
export const recurrentStages = ({ cell = 'lstm', hiddenSize = 128, layers = 1, bidirectional = false, orthogonal = false, dropout = 0 }: RecurrentStageOptions): readonly Stage[] => {
  checkSizes('recurrent layers', { hiddenSize, layers })
  const made = cells[cell]({ hiddenSize, orthogonal })
  return Array.from({ length: layers }, (_, index) => ({
    name: `recurrent${index + 1}`,
    module: bidirectional ? bidirectionalLayer({ cell: made, dropout }) : recurrentLayer({ cell: made, dropout }),
  }))
}
