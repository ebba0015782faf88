/** Markup that is complete: text in it has been escaped. @internal */
export interface Markup {
  /** The markup. */
  readonly markup: string
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character] ?? character)

type Part = string | number | Markup | readonly Markup[] | undefined

const rendered = (part: Part): string => {
  if (part === undefined) return ''
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part))
  return 'markup' in part ? part.markup : part.map(({ markup }) => markup).join('')
}

/**
 * Markup from a template; every text put into it is escaped.
 *
 * @internal
 */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Markup => ({ markup: texts.map((text, index) => text + rendered(parts[index])).join('') })

/**
 * Markup that somebody else has made, taken as it is.
 *
 * @param markup The markup.
 * @internal
 */
export const raw = (markup: string): Markup => ({ markup })
