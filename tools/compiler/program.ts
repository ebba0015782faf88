import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** The folder of the workspace. */
export const workspaceRoot: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The settings of the compiler for code that may use every package: on their sources, and without complaints about names that are not used. */
const compilerOptions = (): ts.CompilerOptions => {
  const read = ts.readConfigFile(join(workspaceRoot, 'tools', 'tsconfig.json'), (path) => ts.sys.readFile(path))
  const { options } = ts.parseJsonConfigFileContent(read.config, ts.sys, join(workspaceRoot, 'tools'))
  return { ...options, allowJs: false, checkJs: false, noUnusedLocals: false }
}

/**
 * A program of the compiler.
 *
 * @param files Its files.
 * @param unwritten Files among them that are on no disk, by path.
 */
export const programOf = (files: readonly string[], unwritten: ReadonlyMap<string, string> = new Map()): ts.Program => {
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  return ts.createProgram(files, options, {
    ...host,
    fileExists: (path) => unwritten.has(path) || host.fileExists(path),
    readFile: (path) => unwritten.get(path) ?? host.readFile(path),
    getSourceFile: (path, languageVersion, ...rest) => {
      const text = unwritten.get(path)
      return text === undefined ? host.getSourceFile(path, languageVersion, ...rest) : ts.createSourceFile(path, text, languageVersion)
    },
  })
}
