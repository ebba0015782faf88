import type { CommandIo, TextOutput } from './command-io.js'

/** Emphasis on a terminal; plain text elsewhere. @internal */
export interface TextStyle {
  /** For what matters most. */
  bold(text: string): string
  /** For errors. */
  error(text: string): string
}

const plain: TextStyle = { bold: (text) => text, error: (text) => text }

const coloured: TextStyle = { bold: (text) => `\u001B[1m${text}\u001B[22m`, error: (text) => `\u001B[1m\u001B[31m${text}\u001B[39m\u001B[22m` }

/**
 * The emphasis that suits an output: none where it is no terminal, `NO_COLOR` is set or the user does not want it.
 *
 * @param output Where the text goes.
 * @param environment Environment variables.
 * @param wanted Whether the user lets it.
 * @internal
 */
export const styleFor = (output: TextOutput, environment: CommandIo['environment'], wanted: boolean): TextStyle =>
  wanted && output.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb' ? coloured : plain
