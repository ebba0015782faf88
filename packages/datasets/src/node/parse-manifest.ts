import { TransferkitError } from '@transferkit/tensor'
import { z } from 'zod'
import { type DatasetManifest, filesOfSplit } from './manifest.js'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 has 64 hexadecimal digits')
// Names and versions go to a package manager's command line, so nothing else may be in them.
const packageName = z.string().regex(/^(@[a-z0-9][a-z0-9._-]*\/)?[A-Za-z0-9][A-Za-z0-9._-]*$/, 'not a package name')
const packageVersion = z.string().regex(/^[0-9][0-9A-Za-z.+-]*$/, 'not one exact version')
const tag = z.string().regex(/^[A-Za-z0-9_.]+$/, 'letters, digits, _ and . only')
const innerPath = z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\\\0]+$/, 'a path inside its folder or archive, with / between its parts')
const inPackage = { package: packageName, version: packageVersion, archiveSha256: sha256, member: innerPath }

const source = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: innerPath }),
  z.strictObject({ kind: z.literal('https'), url: z.url({ protocol: /^https$/ }) }),
  z.strictObject({ kind: z.literal('npm'), ...inPackage }),
  z.strictObject({ kind: z.literal('pypi'), ...inPackage, pythonVersion: tag, abi: tag, platform: tag }),
])
const file = z.strictObject({ id: z.string().min(1), bytes: z.int().nonnegative(), sha256, sources: z.array(source).min(1) })

const imageSize = z.strictObject({ height: z.int().positive(), width: z.int().positive(), fit: z.enum(['fill', 'cover']) })
const imageReader = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('idx'), images: z.string(), labels: z.string() }),
  z.strictObject({
    format: z.literal('image-archive'),
    file: z.string(),
    channels: z.enum(['grey', 'rgb']),
    stripFolders: z.int().nonnegative().exactOptional(),
    resize: imageSize.exactOptional(),
  }),
  z.strictObject({ format: z.literal('digit-lists'), files: z.array(z.string()).length(10), testEvery: z.int().min(2), part: z.enum(['train', 'test']) }),
  z.strictObject({ format: z.literal('digit-rows'), file: z.string(), side: z.int().positive(), maximum: z.int().positive() }),
])
const textReader = z.discriminatedUnion('format', [
  z.strictObject({ format: z.literal('labelled-lines'), file: z.string(), encoding: z.enum(['utf-8', 'latin1']) }),
  z.strictObject({
    format: z.literal('delimited'),
    file: z.string(),
    delimiter: z.string().length(1),
    quoted: z.boolean(),
    header: z.boolean(),
    text: z.array(z.int().nonnegative()).min(1),
    secondText: z.int().nonnegative().exactOptional(),
    label: z.int().nonnegative(),
    labels: z.enum(['class-names', 'numbers-from-1']),
  }),
  z.strictObject({ format: z.literal('intents'), file: z.string(), member: z.string() }),
])

const size = z.int().positive()
const classNames = z.array(z.string().min(1)).min(1)
const common = {
  specVersion: z.literal(1),
  name: z.string().regex(/^[a-z0-9]+([-_/][a-z0-9]+)*$/, 'lower-case words joined by -, _ or /'),
  task: z.string().min(1),
  classes: z.union([
    classNames,
    z.strictObject({ from: z.literal('folders'), count: z.int().positive() }),
    z.strictObject({ from: z.literal('file'), file: z.string(), count: z.int().positive(), format: z.enum(['lines', 'json', 'intents']) }),
  ]),
  files: z.array(file).min(1),
  licence: z.string().min(1),
  citation: z.string().min(1),
  note: z.string().exactOptional(),
}

const manifestSchema: z.ZodType<DatasetManifest> = z.discriminatedUnion('kind', [
  z.strictObject({ ...common, kind: z.literal('image'), splits: z.record(z.string(), z.strictObject({ size, reader: imageReader })) }),
  z.strictObject({ ...common, kind: z.literal('text'), splits: z.record(z.string(), z.strictObject({ size, reader: textReader, classes: classNames.exactOptional() })) }),
])

/**
 * Checks a manifest, for example one read from a JSON file.
 *
 * @param value The manifest.
 * @param name Name of the file that it comes from, for messages.
 * @throws TransferkitError `manifest/invalid` that names every field that is wrong.
 *
 * @example
 * ```ts no-run
 * import { parseManifest } from '@transferkit/datasets/node'
 *
 * declare const json: string
 * const manifest = parseManifest(JSON.parse(json), 'my-set.json')
 * ```
 */
export const parseManifest = (value: unknown, name = 'manifest'): DatasetManifest => {
  const result = manifestSchema.safeParse(value)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(whole)'}: ${issue.message}`)
    throw new TransferkitError('manifest/invalid', `${name}: not a valid data-set manifest:\n${problems.join('\n')}`)
  }
  const manifest = result.data
  const ids = new Set(manifest.files.map(({ id }) => id))
  for (const split of Object.keys(manifest.splits)) {
    const missing = filesOfSplit(manifest, split).find((id) => !ids.has(id))
    if (missing !== undefined) throw new TransferkitError('manifest/invalid', `${name}: splits.${split} needs the file ${JSON.stringify(missing)}, which is not in files.`)
  }
  return manifest
}
