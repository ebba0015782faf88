import { resolve } from 'node:path'
import { readPlainLines } from '@transferkit/datasets'
import { fileBytes } from '@transferkit/datasets/node'
import { TransferkitError } from '@transferkit/tensor'
import type { TargetModel } from '@transferkit/training'
import type { CommandContext } from '../console/command-context.js'
import { textTable } from '../console/text-table.js'
import { predictText } from '../experiment/artefact-text.js'
import type { TextRecord } from '../experiment/text-record.js'
import { decimal } from '../report/format.js'
import { ranked } from './ranked.js'

/** Texts as they are shown in a table: the start of long ones. */
const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** What is classified: texts of the command line, then the lines of files, `-` being the standard input. */
async function* textsFrom(files: readonly string[], texts: readonly string[], { io }: CommandContext): AsyncGenerator<string, void, undefined> {
  yield* texts
  for (const file of files.length === 0 && texts.length === 0 ? ['-'] : files) {
    if (file === '-') {
      if (io.stdin === undefined) throw new TransferkitError('usage/no-texts', 'There is nothing to classify. Write a text with --text "...", name files with one text a line, or pipe lines into the command.')
      yield* readPlainLines(io.stdin, { name: 'standard input' })
    } else {
      const path = resolve(io.workingFolder, file)
      yield* readPlainLines(fileBytes(path), { name: file })
    }
  }
}

/** A pair is two texts with a tab between them. */
const pairOf = (line: string): readonly [string, string] => {
  const [first = '', second, ...more] = line.split('\t')
  if (second === undefined || more.length > 0) throw new TransferkitError('usage/no-pair', `${JSON.stringify(shown(line))}: the model takes pairs, so a tab has to stand between two texts.`)
  return [first, second]
}

/**
 * Classifies texts with a transferred model.
 *
 * @param model The model.
 * @param record How texts become numbers.
 * @param files Files with one text a line; `-` is the standard input.
 * @param options Texts, and how many classes to show.
 * @param context The command's.
 * @throws TransferkitError `usage/no-texts`, `usage/no-pair`, `file/not-found`, `data/bad-text`.
 * @internal
 */
export const predictTexts = async (model: TargetModel, record: TextRecord, files: readonly string[], { text: texts = [], top }: { readonly text?: readonly string[]; readonly top: number }, context: CommandContext): Promise<void> => {
  const { io, json } = context
  const rows: string[][] = []
  for await (const line of textsFrom(files, texts, context)) {
    io.signal.throwIfAborted()
    const [first, second] = record.paired ? pairOf(line) : [line]
    const { label, probability, probabilities, remarks } = await predictText(model, record, first, second)
    const best = ranked(probabilities, model.task.classes, top)
    if (json) io.stdout.write(`${JSON.stringify({ text: first, ...(second === undefined ? {} : { secondText: second }), label, probability, top: best, ...(remarks.length === 0 ? {} : { remarks }) })}\n`)
    else rows.push([shown(line), label, best.map((entry) => `${entry.label} ${decimal(100 * entry.probability)} %`).join(', '), remarks.join('; ')])
  }
  if (!json) io.stdout.write(textTable([{ heading: 'text' }, { heading: 'class' }, { heading: 'most probable' }, { heading: '' }], rows))
}
