import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultServerConditions } from 'vite'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'

const workspaceRoot = dirname(fileURLToPath(import.meta.url))

// Tests run on the sources of every workspace package, so that nothing has to be built first.
const conditions = ['@transferkit/source', ...defaultServerConditions]

const guard = './tools/vitest/guard.ts'
const cpuBackend = './tools/vitest/cpu-backend.ts'

// These two open their own backend, or need none: a default one would hide what they do.
const withoutBackend = new Set(['runtime', 'cli'])

const packageProject = (name: string): TestProjectConfiguration => ({
  extends: true,
  test: {
    name,
    include: [`packages/${name}/src/**/*.test.ts`],
    setupFiles: withoutBackend.has(name) ? [guard] : [cpuBackend, guard],
    typecheck: {
      include: [`packages/${name}/src/**/*.test-d.ts`],
      tsconfig: `packages/${name}/tsconfig.json`,
    },
  },
})

export default defineConfig({
  root: workspaceRoot,
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    passWithNoTests: true,
    projects: [
      ...readdirSync(new URL('packages', import.meta.url)).map(packageProject),
      { extends: true, test: { name: 'tools', include: ['tools/*/*.test.ts'], exclude: ['tools/examples/examples.test.ts'], setupFiles: [guard] } },
      // An example may print and keep its tensors, as the code of a reader does: it runs without the guard.
      { extends: true, test: { name: 'examples', include: ['tools/examples/examples.test.ts'], setupFiles: [cpuBackend] } },
    ],
  },
})
