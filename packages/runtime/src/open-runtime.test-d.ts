import type { Compile, Tensor } from '@transferkit/tensor'
import { expectTypeOf, test } from 'vitest'
import type { BackendName, Runtime } from './backend.js'
import { openRuntime as openInNode } from './node/open-runtime.js'
import { openRuntime } from './open-runtime.js'

// Only types are looked at: nothing here runs.
declare const runtime: Runtime
declare const images: Tensor<['batch', 28, 28, 1]>

test('a runtime is opened by the name of its backend', () => {
  expectTypeOf(openRuntime({ backend: 'wasm' })).toEqualTypeOf<Promise<Runtime>>()
  expectTypeOf(runtime.backend).toEqualTypeOf<BackendName>()
  expectTypeOf(runtime.compile).toEqualTypeOf<Compile>()
  // @ts-expect-error There is no such backend.
  void openRuntime({ backend: 'cuda' })
  // @ts-expect-error There is no such backend in Node either.
  void openInNode({ backend: 'tensorflow' })
  // @ts-expect-error There is no such option.
  void openInNode({ threads: 'all' })
})

test('a compiled function takes and gives what the function does', () => {
  const same = runtime.compile((x: Tensor<['batch', 28, 28, 1]>) => x)
  expectTypeOf(same).parameter(0).toEqualTypeOf<Tensor<['batch', 28, 28, 1]>>()
  expectTypeOf(same(images)).toEqualTypeOf<Tensor<['batch', 28, 28, 1]>>()
  // @ts-expect-error The images are larger.
  same({} as Tensor<['batch', 32, 32, 1]>)
})
