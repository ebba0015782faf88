// A plugin of TypeDoc: the pages of the documentation stand in the reference under the titles that they have, in groups named after their folders, and all links work from the file system.
import { basename, dirname } from 'node:path'
import { Converter, PageEvent } from 'typedoc'

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
  // Links to the first page lead to its folder, which a browser lists where no server answers.
  application.renderer.on(PageEvent.END, (page) => {
    if (page.contents !== undefined) page.contents = page.contents.replaceAll('href="../"', 'href="../index.html"')
  })
}
