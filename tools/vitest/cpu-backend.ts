import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { beforeEach } from 'vitest'

/** Opens the backend without its advice: the first tensor on it in Node praises another one. */
const openQuietly = async (): Promise<void> => {
  await tf.setBackend('cpu')
  // Upstream's own field, which its type does not have.
  const backend = tf.backend() as { firstUse?: boolean }
  backend.firstUse = false
}

await openQuietly()

// A test that closes a runtime leaves none to the next.
beforeEach(async () => {
  if (!tf.getBackend()) await openQuietly()
})
