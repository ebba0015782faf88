import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'
import { explainedCasts } from './tools/lint/explained-casts.js'
import { layers } from './tools/lint/layers.js'
import { moduleBoundaries } from './tools/lint/module-boundaries.js'
import { readPackages } from './tools/lint/packages.js'

const workspaceRoot = dirname(fileURLToPath(import.meta.url))

const memoryRule = [
  {
    selector: "CallExpression[callee.type='MemberExpression'][callee.property.name=/^(dispose|tidy|disposeVariables|startScope|endScope)$/]",
    message: 'Memory is managed in @transferkit/tensor, at the step boundary. Nobody else disposes of tensors.',
  },
  {
    selector: "CallExpression[callee.type='Identifier'][callee.name=/^(dispose|tidy)$/]",
    message: 'Memory is managed in @transferkit/tensor, at the step boundary. Nobody else disposes of tensors.',
  },
]

const defaultExport = { selector: 'ExportDefaultDeclaration', message: 'Export by name: the name is then the same everywhere.' }

export default defineConfig(
  { ignores: ['**/dist/', '**/.examples/', '.nx/', 'docs/reference/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: workspaceRoot } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { transferkit: { rules: { 'module-boundaries': moduleBoundaries(readPackages(workspaceRoot), layers), 'explained-casts': explainedCasts } } },
    rules: {
      'transferkit/module-boundaries': 'error',
      'transferkit/explained-casts': 'error',
      'no-restricted-syntax': ['error', ...memoryRule, defaultExport],
      'no-console': 'error',
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      // A type parameter that is used once carries an axis name from a call's argument to its result.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Written out, a type argument or an overload tells the reader what a call is about, even where the compiler could do without.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/unified-signatures': 'off',
    },
  },
  {
    files: ['packages/tensor/**', 'packages/runtime/**', 'tools/**'],
    rules: { 'no-restricted-syntax': ['error', defaultExport] },
  },
  {
    files: ['**/*.test.ts', '**/*.test-d.ts', '**/*.fixture.ts'],
    rules: {
      'transferkit/explained-casts': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  { files: ['packages/cli/**', 'tools/**'], rules: { 'no-console': 'off' } },
  // The tools that a configuration file is for read its default export.
  { files: ['**/*.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
)
