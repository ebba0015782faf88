import { isBuiltin } from 'node:module'
import { dirname, relative, resolve, sep } from 'node:path'

/** @import { TSESLint, TSESTree } from '@typescript-eslint/utils' */
/** @import { Layer } from './layers.js' */
/** @import { WorkspacePackage } from './packages.js' */

/** @param {string} file */
const isTest = (file) => /\.(test|test-d|fixture)\.ts$/.test(file)

/**
 * @param {string} folder
 * @param {string} file
 */
const isInside = (folder, file) => !relative(folder, file).startsWith('..')

/**
 * Why `file` must not import `source`, or undefined where it may.
 *
 * @param {string} source
 * @param {string} file
 * @param {readonly WorkspacePackage[]} packages
 * @param {Readonly<Record<string, Layer>>} layers
 */
const objection = (source, file, packages, layers) => {
  const own = packages.find(({ folder }) => isInside(folder, file))
  const layer = own && layers[own.layer]
  if (own === undefined) return undefined
  if (layer === undefined) return `tools/lint/layers.js has no layer '${own.layer}'.`

  if (source.startsWith('.')) {
    const target = resolve(dirname(file), source)
    // The workspace's own scripts reach for files; libraries reach for packages.
    if (layer.node || isInside(own.folder, target)) return undefined
    return `'${source}' lies outside ${own.name}. Import the package by its name.`
  }
  if (source.startsWith('@tensorflow/')) {
    if (layer.tensorflow) return undefined
    return `only the layers tensor and runtime name '@tensorflow/*'. Use what @transferkit/tensor exports.`
  }
  if (isBuiltin(source)) {
    if (layer.node || isTest(file) || relative(own.folder, file).startsWith(['src', 'node', ''].join(sep))) return undefined
    return `'${source}' exists in Node only. Move what needs it to src/node, so that the main entry point runs in a browser.`
  }
  const target = packages.find(({ name }) => source === name || source.startsWith(`${name}/`))
  if (target === undefined || target === own) return undefined
  const allowed = isTest(file) ? [...layer.imports, ...layer.testImports] : layer.imports
  if (allowed.includes(target.layer)) return undefined
  return `layer '${own.layer}' may import ${allowed.length === 0 ? 'no other layer' : `only ${allowed.join(', ')}`}, not '${target.layer}' (tools/lint/layers.js).`
}

/**
 * Makes the rule that keeps imports inside the layers, by the tags in each `package.json`.
 *
 * @param {readonly WorkspacePackage[]} packages
 * @param {Readonly<Record<string, Layer>>} layers
 * @returns {TSESLint.RuleModule<'forbidden'>}
 */
export const moduleBoundaries = (packages, layers) => ({
  meta: {
    type: 'problem',
    docs: { description: 'Keep imports inside the layers of the workspace.' },
    schema: [],
    messages: { forbidden: '{{objection}}' },
  },
  defaultOptions: [],
  create: (context) => {
    /** @param {TSESTree.Node | null} source */
    const check = (source) => {
      if (source?.type !== 'Literal' || typeof source.value !== 'string') return
      const problem = objection(source.value, context.filename, packages, layers)
      if (problem !== undefined) context.report({ node: source, messageId: 'forbidden', data: { objection: problem } })
    }
    return {
      ImportDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      TSImportType: (node) => check(node.source),
    }
  },
})
