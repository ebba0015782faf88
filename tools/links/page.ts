import { slug } from 'github-slugger'
import MarkdownIt from 'markdown-it'

/** A link of a page to something in this repository. */
export interface PageLink {
  /** The line on which the paragraph with the link begins, from 1. */
  readonly line: number
  /** Path relative to the page, as it is written; empty for a place on the page itself. */
  readonly path: string
  /** The place on the page that is linked to, where there is one. */
  readonly anchor: string | undefined
}

/** What is read from a Markdown page. */
export interface Page {
  /** Names that links can use for the headings of the page. */
  readonly anchors: ReadonlySet<string>
  /** Links to other files, and to places on this page. */
  readonly links: readonly PageLink[]
}

const markdown = new MarkdownIt()

const isElsewhere = (target: string): boolean => /^[a-z][a-z+.-]*:|^\/\//i.test(target)

/** A heading that comes twice gets a number, as on GitHub. */
const anchorsOf = (headings: readonly string[]): ReadonlySet<string> => {
  const seen = new Map<string, number>()
  return new Set(
    headings.map((heading) => {
      const name = slug(heading)
      const before = seen.get(name) ?? 0
      seen.set(name, before + 1)
      return before === 0 ? name : `${name}-${before}`
    }),
  )
}

/**
 * Reads the headings and the links of a page, as GitHub shows them. Links to other hosts are passed over.
 *
 * @param text The Markdown text.
 */
export const readPage = (text: string): Page => {
  const tokens = markdown.parse(text, {})
  const headings = tokens.flatMap(({ type }, index) => {
    const written = tokens[index + 1]?.children ?? []
    return type === 'heading_open' ? [written.map(({ content }) => content).join('')] : []
  })
  const links = tokens.flatMap(({ map, children }) =>
    (children ?? []).flatMap((token): PageLink[] => {
      const target = token.attrGet('href') ?? token.attrGet('src')
      if (target === null || isElsewhere(target)) return []
      const [path = '', anchor] = target.split('#', 2)
      return [{ line: (map?.[0] ?? 0) + 1, path: decodeURI(path), anchor }]
    }),
  )
  return { anchors: anchorsOf(headings), links }
}
