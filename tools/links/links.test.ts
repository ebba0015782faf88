import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Page, type PageLink, readPage } from './page.js'

const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url))
const isPage = (path: string): boolean => path.endsWith('.md') && !/(^|\/)(node_modules|dist|runs|reference)\//.test(path)

const pagesBelow = (folder: string): string[] =>
  readdirSync(join(workspaceRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter(isPage)

const ofPackages = readdirSync(join(workspaceRoot, 'packages')).map((name) => join('packages', name, 'README.md'))
const isThere = (path: string): boolean => existsSync(join(workspaceRoot, path))
const paths = [...readdirSync(workspaceRoot).filter(isPage), ...pagesBelow('docs'), ...pagesBelow('examples'), ...ofPackages.filter(isThere)]
const pages: ReadonlyMap<string, Page> = new Map(paths.map((path) => [path, readPage(readFileSync(join(workspaceRoot, path), 'utf8'))]))

/** Where a link leads, as a path from the root of the workspace. */
const targetOf = (page: string, { path }: PageLink): string => (path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, ''))

const problemOf = (page: string, link: PageLink): string | undefined => {
  const target = targetOf(page, link)
  const written = `${page}:${link.line} links to ${link.path}${link.anchor === undefined ? '' : `#${link.anchor}`}`
  if (target.startsWith('..')) return `${written}, which is outside of the repository`
  if (!isThere(target)) return `${written}, which does not exist`
  const { anchors } = pages.get(target) ?? pages.get(join(target, 'README.md')) ?? {}
  if (link.anchor === undefined || anchors?.has(link.anchor) === true) return undefined
  return `${written}, but ${anchors === undefined ? 'that is no page with headings' : `the headings there are ${[...anchors].map((name) => `#${name}`).join(', ')}`}`
}

test('every package has a page', () => {
  expect(ofPackages.filter((path) => !isThere(path))).toEqual([])
})

test.each(paths)('all links of %s lead somewhere', (path) => {
  const links = pages.get(path)?.links ?? []
  expect(links.flatMap((link) => problemOf(path, link) ?? [])).toEqual([])
})

/** All pages that a reader comes to from a page by following links; a link to a folder shows its README. */
const reachableFrom = (start: string, seen = new Set<string>()): ReadonlySet<string> => {
  const page = pages.get(start)
  if (page === undefined || seen.has(start)) return seen
  seen.add(start)
  for (const link of page.links) {
    const target = targetOf(start, link)
    reachableFrom(pages.has(target) ? target : join(target, 'README.md'), seen)
  }
  return seen
}

// Written to be put into pages that a script makes.
const isPart = (path: string): boolean => path.endsWith('-notes.md')

test('every page can be reached from the README', () => {
  const reachable = reachableFrom('README.md')
  expect(paths.filter((path) => !isPart(path) && !reachable.has(path))).toEqual([])
})
