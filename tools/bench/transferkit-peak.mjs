import { openRuntime } from '@transferkit/runtime/node'
import { matMul, randomKey, randomNormal, scope } from '@transferkit/tensor'
import { answer } from './contestant.mjs'

// A product of two square matrices: what the machine can do at best.
const size = Number(process.argv[2])
const runtime = await openRuntime({ backend: 'native' })
const [left, right] = [randomNormal(randomKey(1), [size, size]), randomNormal(randomKey(2), [size, size])]

await answer({
  // The native backend is done with an operation when the call returns.
  step: () => scope(() => matMul(left, right).shape.length),
  describe: () => ({ backend: runtime.backend }),
})
