import { testBackend } from '@transferkit/tensor/conformance'
import { openRuntime } from './node/open-runtime.js'
import { backendsToTest } from './backends.fixture.js'

// Each backend is held against plain JavaScript, which is the slowest and the simplest.
for (const { name, backend, open } of backendsToTest) {
  if (backend !== 'cpu') testBackend({ name, open, reference: () => openRuntime({ backend: 'cpu' }) })
}
