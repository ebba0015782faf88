import { join } from 'node:path'
import ts from 'typescript'
import { programOf, workspaceRoot } from './program.js'

/**
 * What the compiler says of some modules, as a user of the packages reads it.
 *
 * @param sources The modules; they can import every package.
 * @returns For each module its messages, without their places.
 */
export const messagesFor = (sources: readonly string[]): readonly (readonly string[])[] => {
  // The folder of the guides has all packages among its dependencies. `export {}` makes a module of a source without imports.
  const unwritten = new Map(sources.map((source, index) => [join(workspaceRoot, 'docs', `unwritten-${index}.ts`), `${source}\nexport {}\n`]))
  const program = programOf([...unwritten.keys()], unwritten)
  return [...unwritten.keys()].map((path) => program.getSemanticDiagnostics(program.getSourceFile(path)).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')))
}
