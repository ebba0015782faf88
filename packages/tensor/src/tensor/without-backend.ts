import { engine } from '@tensorflow/tfjs-core'
import { TransferkitError } from '../error.js'

/**
 * What upstream threw, or the reason and what to do where it threw because there is no backend. @internal
 */
export const explainFailure = (error: unknown): unknown =>
  Object.keys(engine().registryFactory).length > 0
    ? error
    : new TransferkitError(
        'backend/none',
        `TensorFlow.js has no backend here, so nothing can be computed. Open one first: "await openRuntime()" of @transferkit/runtime/node opens the fastest, and "import '@tensorflow/tfjs-backend-cpu'" the simplest. Where that is done, @tensorflow/tfjs-core is installed twice: "npm ls @tensorflow/tfjs-core" shows its copies.`,
        { cause: error },
      )
