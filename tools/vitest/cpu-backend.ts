import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'

// The first tensor on this backend in Node prints advice about another one. It is spent here, before any test is watched.
const { warn } = console
console.warn = () => undefined
await tf.setBackend('cpu')
tf.scalar(0).dispose()
console.warn = warn
