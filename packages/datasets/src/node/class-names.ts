import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { textLines } from '../readers/text-lines.js'
import { fileBytes } from './file-bytes.js'
import type { DatasetManifest } from './manifest.js'
import { readJson } from './read-json.js'

/** Names of classes, and what stands for them in the files of the set. */
export interface ClassNames {
  /** Names for people. */
  readonly names: readonly string[]
  /** What stands for each in the files: folder names, label texts. */
  readonly keys: readonly string[]
}

/** Intents by part, each a list of `[text, intent]`. */
export const intentParts = z.record(z.string(), z.array(z.tuple([z.string(), z.string()])))

/** Class names of a known set; undefined when the names of its folders are the classes. */
export const classNamesOf = async (manifest: DatasetManifest, paths: ReadonlyMap<string, string>): Promise<ClassNames | undefined> => {
  const { classes } = manifest
  if (!('from' in classes)) return { names: classes, keys: classes }
  if (classes.from === 'folders') return undefined
  const path = paths.get(classes.file) ?? classes.file
  const read = await readers[classes.format](path)
  if (read.names.length !== classes.count) {
    throw new TransferkitError('dataset/count-mismatch', `${path}: names ${read.names.length} classes, and ${manifest.name} has ${classes.count}.`)
  }
  return read
}

const readers = {
  /** Lines of `key TAB name`; the key stays part of the name because names alone are not unique. */
  lines: async (path: string): Promise<ClassNames> => {
    const names: string[] = []
    const keys: string[] = []
    for await (const { text } of textLines(fileBytes(path), { name: path })) {
      const [key = '', name = ''] = text.split('\t')
      keys.push(key)
      names.push(`${key} ${name}`)
    }
    return { names, keys }
  },
  json: async (path: string): Promise<ClassNames> => {
    const names = await readJson(path, z.array(z.string()))
    return { names, keys: names }
  },
  intents: async (path: string): Promise<ClassNames> => {
    const parts = await readJson(path, intentParts)
    const names = [...new Set((parts['train'] ?? []).map(([, intent]) => intent))].sort()
    return { names, keys: names }
  },
}
