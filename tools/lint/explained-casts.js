/** @import { TSESLint, TSESTree } from '@typescript-eslint/utils' */

/** @param {TSESTree.Node} node */
const statementOf = (node) => {
  let current = node
  while (current.parent && !/(Statement|Declaration|Definition)$/.test(current.type)) current = current.parent
  return current
}

/**
 * A cast silences the compiler, so a comment beside it says why that is right: on its lines, on the line before, or before its statement.
 *
 * @type {TSESLint.RuleModule<'unexplained'>}
 */
export const explainedCasts = {
  meta: {
    type: 'problem',
    docs: { description: 'Demand a comment beside every `as`.' },
    schema: [],
    messages: { unexplained: 'A cast silences the compiler. Say in a comment beside it why it is right, or write it without the cast.' },
  },
  defaultOptions: [],
  create: (context) => {
    // A documentation comment speaks to the caller, of what the symbol is; it explains no cast.
    const comments = context.sourceCode.getAllComments().filter(({ type, value }) => type === 'Line' || !value.startsWith('*'))
    /** @param {TSESTree.TSAsExpression | TSESTree.TSTypeAssertion} node */
    const check = (node) => {
      const { typeAnnotation: type, loc } = node
      if (type.type === 'TSTypeReference' && type.typeName.type === 'Identifier' && type.typeName.name === 'const') return
      // To `unknown` is the one cast that promises nothing.
      if (type.type === 'TSUnknownKeyword') return
      const statement = statementOf(node).loc.start.line
      const explained = comments.some(({ loc: comment }) => {
        const last = comment.end.line
        return last === statement - 1 || (last >= loc.start.line - 1 && comment.start.line <= loc.end.line)
      })
      if (!explained) context.report({ node, messageId: 'unexplained' })
    }
    return { TSAsExpression: check, TSTypeAssertion: check }
  },
}
