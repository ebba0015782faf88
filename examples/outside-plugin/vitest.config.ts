import { defineConfig } from 'vitest/config'

export default defineConfig({
  // The suite needs a backend of TensorFlow.js; plain JavaScript is fast enough for it.
  test: { setupFiles: ['@tensorflow/tfjs-backend-cpu'], testTimeout: 60_000, hookTimeout: 60_000 },
})
