import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createStrategy } from './create-strategy.js'
import { namesOf } from './names.js'
import { strategyProject } from './strategy-files.js'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'transferkit create '))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const create = (...args: string[]): { readonly code: number; readonly printed: string; readonly failed: string } => {
  let [printed, failed] = ['', '']
  const code = createStrategy(args, { folder, print: (text) => (printed += text), fail: (text) => (failed += text) })
  return { code, printed, failed }
}

const versionsIn = (path: string): Readonly<Record<string, string>> => {
  const { version, dependencies, devDependencies } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { readonly version: string; readonly dependencies?: Record<string, string>; readonly devDependencies?: Record<string, string> }
  return { ...dependencies, ...devDependencies, version }
}

describe('npm create transferkit-strategy', () => {
  test('writes a project and says how to go on', () => {
    const { code, printed } = create('@me/gentle-transfer')
    expect(code).toBe(0)
    expect(printed).toContain('cd gentle-transfer\n  npm install --ignore-scripts\n  npm test')
    const read = (path: string): string => readFileSync(join(folder, 'gentle-transfer', path), 'utf8')
    expect(JSON.parse(read('package.json'))).toMatchObject({ name: '@me/gentle-transfer', transferkit: { specVersion: 1 } })
    expect(read('src/gentle-transfer.ts')).toContain('export const gentleTransfer: StrategyDefinition<GentleTransferOptions, Strategy>')
    expect(read('.gitignore')).toContain('node_modules/')
    expect(read('recipe.yaml')).toContain("plugins: ['@me/gentle-transfer']")
  })

  test('takes another folder, and an empty one that is there', () => {
    mkdirSync(join(folder, 'elsewhere'))
    expect(create('gentle', '--directory', 'elsewhere').code).toBe(0)
  })

  test('leaves a folder alone that holds something', () => {
    mkdirSync(join(folder, 'gentle'))
    writeFileSync(join(folder, 'gentle', 'mine.txt'), '')
    expect(create('gentle')).toMatchObject({ code: 2, failed: expect.stringContaining('is not empty. Choose another name, or another folder with --directory.') as string })
  })

  test.each([
    [[], 'Give one name.'],
    [['one', 'two'], 'Give one name.'],
    [['Gentle_Transfer'], 'For example: gentle-transfer'],
    [['fine-tune'], "Transferkit has a strategy 'fine-tune' already"],
    [['class'], "'class' is a word of JavaScript. Add a word, as in class-transfer."],
    [['gentle', '--folder', 'x'], "Unknown option '--folder'"],
  ])('refuses %j', (args, message) => {
    expect(create(...args)).toMatchObject({ code: 2, failed: expect.stringContaining(message) as string })
  })

  test('explains itself', () => {
    expect(create('--help')).toMatchObject({ code: 0, printed: expect.stringContaining('npm create transferkit-strategy NAME') as string })
  })
})

test('a project has the versions of this workspace', () => {
  const manifest = JSON.parse(strategyProject(namesOf('gentle'), '1.2.3').get('package.json') ?? '') as { readonly dependencies: Record<string, string>; readonly devDependencies: Record<string, string> }
  const ours = { ...versionsIn('../../../tools/package.json'), ...versionsIn('../../../package.json') }
  for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
    expect([name, range]).toEqual([name, name.includes('transferkit') ? '^1.2.3' : `^${(ours[name] ?? '').replace('^', '')}`])
  }
})
