import type { Shape } from '@transferkit/tensor'
import { kernel } from '../kernel-arguments.js'
import { floatType, integerType } from './attributes.js'
import type { NativeBackend } from './backend.js'
import { withInteger } from './operations.js'

/** Rows of a table. TensorFlow checks the indices itself; upstream's kernel reads them, which no recorded function may do. @internal */
export const gatherRows = kernel<NativeBackend, 'table' | 'indices', object>(({ table, indices }, _, backend) =>
  withInteger(backend, 0, (axis) =>
    backend.executeSingleOutput('GatherV2', [floatType(backend.binding, 'Tparams'), integerType(backend.binding, 'Tindices'), integerType(backend.binding, 'Taxis')], [table, indices, axis]),
  ),
)

interface ScatterAttributes {
  readonly tableShape: Shape
}

/** Sums of the rows with each index. @internal */
export const scatterRows = kernel<NativeBackend, 'rows' | 'indices', ScatterAttributes>(({ rows, indices }, { tableShape: [count = 0] }, backend) =>
  withInteger(backend, count, (segments) =>
    backend.executeSingleOutput(
      'UnsortedSegmentSum',
      [floatType(backend.binding, 'T'), integerType(backend.binding, 'Tindices'), integerType(backend.binding, 'Tnumsegments')],
      [rows, indices, segments],
    ),
  ),
)
