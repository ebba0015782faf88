import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { knownManifests } from '@transferkit/datasets/node'
import { expect, test } from 'vitest'
import { workspaceRoot } from '../bootstrap/steps.mjs'

// Without the breaks, which stand wherever a line is full.
const notice = readFileSync(join(workspaceRoot, 'NOTICE'), 'utf8').replaceAll(/\s+/g, ' ')

/** The headings under which the notices name something. */
const licencesOf = (name: string): readonly string[] =>
  readFileSync(join(workspaceRoot, 'NOTICE'), 'utf8')
    .split('\n')
    .flatMap((line, index, lines) => (line.startsWith('      ') && line.split(/[\s,;]+/).includes(name) ? [lines.slice(0, index).findLast((one) => /^ {2}\S/.test(one))!.trim()] : []))

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly license?: string
}

const manifestIn = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

const dependencies = readdirSync(join(workspaceRoot, 'packages')).flatMap((name) => {
  const folder = join(workspaceRoot, 'packages', name)
  return Object.keys(manifestIn(folder).dependencies ?? {}).filter((dependency) => !dependency.startsWith('@transferkit/')).map((dependency) => [dependency, join(folder, 'node_modules', dependency)] as const)
})

test.each(dependencies)('the notices name %s under its licence', (name, folder) => {
  const { license } = manifestIn(folder)
  expect(licencesOf(name).some((heading) => heading === license || heading.endsWith(`(${license})`))).toBe(true)
})

const fetched = knownManifests.filter(({ files }) => files.some(({ sources }) => sources.some(({ kind }) => kind !== 'folder')))

test.each(fetched.map(({ name }) => name.split('/')[0]!))('the notices name the data set %s, which is fetched', (name) => {
  expect(notice).toMatch(new RegExp(`(^| )(\\w+, )?${name}[:,]`))
})
