// A plugin of TypeDoc: the pages of the documentation stand in the reference under the titles that they have, in groups named after their folders.
import { basename, dirname } from 'node:path'
import { Converter } from 'typedoc'

/** @import { Application, DocumentReflection } from 'typedoc' */

/** @type {Readonly<Record<string, string>>} */
const groups = { guides: 'Guides', results: 'Results', decisions: 'Decisions', docs: 'About' }

/**
 * The first heading of a page.
 *
 * @param {string} text The Markdown text.
 * @returns {string | undefined}
 */
const titleOf = (text) => /^# (.+)$/m.exec(text)?.[1]?.trim()

/** @type {(application: Application) => void} */
export const load = (application) => {
  application.converter.on(Converter.EVENT_CREATE_DOCUMENT, (/** @type {unknown} */ _context, /** @type {DocumentReflection} */ page) => {
    const file = page.project.files.getReflectionPath(page) ?? ''
    page.name = titleOf(page.content.map(({ text }) => text).join('')) ?? page.name
    page.frontmatter['group'] = groups[basename(dirname(file))] ?? 'About'
  })
}
