import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import tseslint from 'typescript-eslint'
import { describe, expect, test } from 'vitest'

const cwd = fileURLToPath(new URL('../..', import.meta.url))

// The files below exist in the tests only, and the compiler's service knows no such file; no rule tested on them needs types.
const untyped = tseslint.configs.disableTypeChecked
const eslint = new ESLint({ cwd, overrideConfig: { ...untyped, files: ['**/*.ts'] } })

const rulesThatObject = async (filePath: string, code: string): Promise<string[]> => {
  const [result] = await eslint.lintText(code, { filePath })
  return [...new Set(result?.messages.map(({ ruleId, message }) => ruleId ?? message))]
}

const boundaries = 'transferkit/module-boundaries'
const unusedDirective = "Unused eslint-disable directive (no problems were reported from 'no-console')."

describe('what must be reported', () => {
  test.each([
    ['a layer that imports one above it', 'packages/tensor/src/x.ts', `import '@transferkit/gates'`, boundaries],
    ['a layer that imports one beside it', 'packages/gates/src/x.ts', `import '@transferkit/training'`, boundaries],
    ['a library that imports the command line', 'packages/vision/src/x.ts', `import 'transferkit'`, boundaries],
    ['an entry point of a forbidden layer', 'packages/vision/src/x.ts', `import '@transferkit/datasets/node'`, boundaries],
    ['a forbidden layer, imported for its types', 'packages/gates/src/x.ts', `import type { A } from '@transferkit/vision'`, boundaries],
    ['a forbidden layer, imported at run time', 'packages/gates/src/x.ts', `await import('@transferkit/vision')`, boundaries],
    ['a forbidden layer, exported again', 'packages/gates/src/x.ts', `export * from '@transferkit/vision'`, boundaries],
    ['a forbidden layer, some of it exported again', 'packages/gates/src/x.ts', `export { a } from '@transferkit/vision'`, boundaries],
    ['a forbidden layer in an inline type', 'packages/gates/src/x.ts', `export type A = import('@transferkit/vision').A`, boundaries],
    ['a path into another package', 'packages/gates/src/x.ts', `import '../../tensor/src/index.js'`, boundaries],
    ['a test of the lowest layer that imports a higher one', 'packages/tensor/src/x.test.ts', `import '@transferkit/runtime/node'`, boundaries],
    ['TensorFlow.js outside its two layers', 'packages/vision/src/x.ts', `import '@tensorflow/tfjs-core'`, boundaries],
    ['TensorFlow.js in a test outside its two layers', 'packages/vision/src/x.test.ts', `import '@tensorflow/tfjs-core'`, boundaries],
    ['a Node module in a main entry point', 'packages/datasets/src/x.ts', `import 'node:fs'`, boundaries],
    ['a Node module without its prefix', 'packages/datasets/src/x.ts', `import 'fs'`, boundaries],
    ['dispose outside the memory rule', 'packages/gates/src/x.ts', `x.dispose()`, 'no-restricted-syntax'],
    ['tidy outside the memory rule', 'packages/gates/src/x.ts', `tidy(() => x)`, 'no-restricted-syntax'],
    ['a tidy method outside the memory rule', 'packages/gates/src/x.ts', `tf.tidy(() => x)`, 'no-restricted-syntax'],
    ['a default export', 'packages/tensor/src/x.ts', `export default 1`, 'no-restricted-syntax'],
    ['any', 'packages/gates/src/x.ts', `export const a: any = 1`, '@typescript-eslint/no-explicit-any'],
    ['an unexplained cast', 'packages/gates/src/x.ts', `export const a = b as number`, 'transferkit/explained-casts'],
    ['an unexplained cast in angle brackets', 'packages/gates/src/x.ts', `export const a = <number>b`, 'transferkit/explained-casts'],
    ['a comment too far from the cast', 'packages/gates/src/x.ts', `// Why\n\nexport const a = b as number`, 'transferkit/explained-casts'],
    ['a documentation comment in place of a reason', 'packages/gates/src/x.ts', `/** A number. */\nexport const a = b as number`, 'transferkit/explained-casts'],
    ['a cast by way of unknown', 'packages/gates/src/x.ts', `export const a = b as unknown as number`, 'transferkit/explained-casts'],
    ['the console in a library', 'packages/gates/src/x.ts', `console.log(1)`, 'no-console'],
    ['a suppression that suppresses nothing', 'packages/gates/src/x.ts', `// eslint-disable-next-line no-console\nexport const a = 1`, unusedDirective],
  ])('%s', async (_name, file, code, rule) => {
    expect(await rulesThatObject(file, code)).toContain(rule)
  })

  test('a promise that nobody awaits, by the rules that need types', async () => {
    const typed = new ESLint({ cwd })
    const [result] = await typed.lintText('const load = async (): Promise<void> => {}\nload()\n', { filePath: 'packages/gates/src/index.ts' })
    expect(result?.messages.map(({ ruleId }) => ruleId)).toContain('@typescript-eslint/no-floating-promises')
  })
})

describe('what must pass', () => {
  test.each([
    ['a layer that imports one below it', 'packages/vision/src/x.ts', `import '@transferkit/gates'`],
    ['an entry point of a layer below', 'packages/training/src/testing/x.ts', `import '@transferkit/tensor/testing'`],
    ['a package that imports itself by name', 'packages/tensor/src/x.ts', `import '@transferkit/tensor/testing'`],
    ['a test that opens a native backend', 'packages/gates/src/x.test.ts', `import '@transferkit/runtime/node'`],
    ['TensorFlow.js in the layer tensor', 'packages/tensor/src/x.ts', `import '@tensorflow/tfjs-core'`],
    ['a Node module behind the node entry point', 'packages/datasets/src/node/x.ts', `import 'node:fs'`],
    ['a Node module in a test', 'packages/datasets/src/x.test.ts', `import 'node:fs'`],
    ['a Node module on the command line', 'packages/cli/src/x.ts', `import 'node:fs'`],
    ['a path inside the package', 'packages/datasets/src/node/x.ts', `import '../index.js'`],
    ['dispose in the layer tensor', 'packages/tensor/src/x.ts', `x.dispose()`],
    ['as const', 'packages/gates/src/x.ts', `export const a = [1] as const`],
    ['a cast to unknown', 'packages/gates/src/x.ts', `export const a = JSON.parse(b) as unknown`],
    ['a cast explained on its line', 'packages/gates/src/x.ts', `export const a = b as number // Because`],
    ['a cast explained on the line before', 'packages/gates/src/x.ts', `// Because\nexport const a = b as number`],
    ['a cast explained before its statement', 'packages/gates/src/x.ts', `// Because\nexport const a = f(\n  1,\n  b as number,\n)`],
  ])('%s', async (_name, file, code) => {
    expect(await rulesThatObject(file, code)).toEqual([])
  })
})
