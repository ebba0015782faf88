import { readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { programOf, workspaceRoot } from './program.js'

const isSource = (path: string): boolean => path.endsWith('.ts') && !/\.(test|test-d|fixture)\.ts$/.test(path)

/**
 * How many times the compiler puts types in the place of type parameters to check each package: a measure of its work that does not depend on the machine.
 *
 * The packages are checked one after the other in one program, so that a package counts what it adds to those before it.
 *
 * @param names Names of their folders, with those that others need in front of them.
 */
export const instantiationsOf = (names: readonly string[]): Readonly<Record<string, number>> => {
  const folders = names.map((name) => join(workspaceRoot, 'packages', name, 'src'))
  const program = programOf(folders.flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(isSource).map((path) => join(folder, path))))
  const counts: Record<string, number> = {}
  for (const [index, folder] of folders.entries()) {
    const before = program.getInstantiationCount()
    // In the order of their names, because the first file that needs a type pays for it.
    const files = program.getSourceFiles().filter(({ fileName }) => join(fileName).startsWith(`${folder}${sep}`)).toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1))
    for (const file of files) program.getSemanticDiagnostics(file)
    counts[names[index] ?? ''] = program.getInstantiationCount() - before
  }
  return counts
}
