import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A tree like Nx's: reads the workspace, and keeps what is written. */
export interface WorkspaceTree {
  /** The folder of the workspace. */
  readonly root: string
  /** What was written, by path. */
  readonly written: ReadonlyMap<string, string>
  /** The text of a file. */
  read(path: string): string | null
  /** Whether there is a file or a folder. */
  exists(path: string): boolean
  /** Names of what is in a folder. */
  children(folder: string): string[]
  /** Writes a file. */
  write(path: string, text: string): void
}

/** Opens the workspace as a tree. */
export const workspaceTree = (root: string): WorkspaceTree => {
  const written = new Map<string, string>()
  const onDisk = (path: string): string => join(root, path)
  return {
    root,
    written,
    read: (path) => written.get(path) ?? (existsSync(onDisk(path)) ? readFileSync(onDisk(path), 'utf8') : null),
    exists: (path) => [...written.keys()].some((file) => file === path || file.startsWith(`${path}/`)) || existsSync(onDisk(path)),
    children: (folder) => [...new Set([...readdirSync(onDisk(folder)), ...[...written.keys()].filter((file) => file.startsWith(`${folder}/`)).map((file) => file.slice(folder.length + 1).split('/')[0] ?? '')])],
    write: (path, text) => {
      written.set(path, text)
    },
  }
}

/** Writes files into a folder. */
export const writeFiles = (folder: string, files: ReadonlyMap<string, string>): void => {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}
