import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

const isLeftOut = (name: string): boolean => name === 'node_modules' || name.startsWith('.')

const codeFiles = async (folder: string): Promise<readonly string[]> => {
  const entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !isLeftOut(name)).sort((a, b) => (a.name < b.name ? -1 : 1))
  const found = await Promise.all(
    entries.map(async (entry): Promise<readonly string[]> => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return codeFiles(path)
      return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : []
    }),
  )
  return found.flat()
}

/**
 * SHA-256 of the code in a folder and below it, without what is installed there: what was computed with a plugin's network or data set holds as long as it is the same.
 *
 * @param folder The folder of a plugin's module.
 * @internal
 */
export const codeHash = async (folder: string): Promise<string> => {
  const hash = createHash('sha256')
  for (const path of await codeFiles(folder)) hash.update(await readFile(path))
  return hash.digest('hex')
}
