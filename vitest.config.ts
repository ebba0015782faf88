import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defaultServerConditions } from 'vite'
import { configDefaults, defineConfig, type TestProjectConfiguration } from 'vitest/config'

const workspaceRoot = dirname(fileURLToPath(import.meta.url))

// Tests run on the sources of every workspace package, so that nothing has to be built first.
const conditions = ['@transferkit/source', ...defaultServerConditions]

const guard = './tools/vitest/guard.ts'
const cpuBackend = './tools/vitest/cpu-backend.ts'

// The longest: training in earnest, conformance suites, whole programs. `--mode quick` leaves them out.
const slowTests = JSON.parse(readFileSync(join(workspaceRoot, 'tools', 'vitest', 'slow-tests.json'), 'utf8')) as readonly string[]

// These two open their own backend, or need none: a default one would hide what they do.
const withoutBackend = new Set(['runtime', 'cli'])

// Type tests need the compiler and nothing else, so they are a mode of their own: `vitest --mode types`.
const packageProject = (name: string, testsTypes: boolean): TestProjectConfiguration => ({
  extends: true,
  test: {
    name,
    include: [`packages/${name}/src/**/*.test.ts`],
    setupFiles: withoutBackend.has(name) ? [guard] : [cpuBackend, guard],
    typecheck: {
      enabled: testsTypes,
      only: testsTypes,
      include: [`packages/${name}/src/**/*.test-d.ts`],
      tsconfig: `packages/${name}/tsconfig.json`,
    },
  },
})

const otherProjects: readonly TestProjectConfiguration[] = [
  {
    extends: true,
    test: { name: 'tools', include: ['tools/*/*.test.ts'], exclude: ['tools/examples/examples.test.ts', 'tools/compiler/**'], setupFiles: [guard] },
  },
  // What the compiler says and costs: type tests that no file beside a source can hold.
  { extends: true, test: { name: 'compiler', include: ['tools/compiler/*.test.ts'], setupFiles: [guard] } },
  // An example may print and keep its tensors, as the code of a reader does: it runs without the guard.
  { extends: true, test: { name: 'examples', include: ['tools/examples/examples.test.ts'], setupFiles: [cpuBackend] } },
]

const withoutSlowTests = (project: TestProjectConfiguration): TestProjectConfiguration =>
  typeof project === 'object' && 'test' in project ? { ...project, test: { ...project.test, exclude: [...(project.test.exclude ?? configDefaults.exclude), ...slowTests] } } : project

export default defineConfig(({ mode }) => {
  const testsTypes = mode === 'types'
  const packages = readdirSync(join(workspaceRoot, 'packages')).map((name) => packageProject(name, testsTypes))
  return {
    root: workspaceRoot,
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      pool: 'forks',
      maxWorkers: 2,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      passWithNoTests: true,
      projects: (testsTypes ? packages : [...packages, ...otherProjects]).map((project) => (mode === 'quick' ? withoutSlowTests(project) : project)),
    },
  }
})
