import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@transferkit/source'] },
  ssr: { resolve: { conditions: ['@transferkit/source'] } },
  test: { pool: 'forks', maxWorkers: 2, projects: ['packages/*'] },
})
