import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { PackageProbe } from '../installed-package.js'

/** Folder of an installed package; undefined when it is not installed. @internal */
export const packageFolder = (name: string): string | undefined => {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`))
  } catch {
    return undefined
  }
}

/** Whether a package is installed, told without importing it. @internal */
export const canBeResolved: PackageProbe = (name) => Promise.resolve(packageFolder(name) !== undefined)
