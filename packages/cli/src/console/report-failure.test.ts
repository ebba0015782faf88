import { TransferkitError } from '@transferkit/tensor'
import { describe, expect, test } from 'vitest'
import { reportFailure } from './report-failure.js'
import { styleFor } from './style.js'

const report = (error: unknown, debug = false, signal = new AbortController().signal, isTTY = false): { readonly code: number; readonly text: string } => {
  let text = ''
  const stderr = { write: (part: string) => (text += part), isTTY }
  const code = reportFailure(error, { stdout: { write: () => undefined }, stderr, environment: {}, workingFolder: '.', signal }, debug, styleFor(stderr, {}, true))
  return { code, text }
}

const systemError = (code: string, path?: string): Error => Object.assign(new Error(`${code}: something, write`), { code, ...(path === undefined ? {} : { path }) })

describe('reportFailure', () => {
  test.each([
    ['recipe/invalid', 2],
    ['strategy/options', 2],
    ['usage/unknown-dataset', 2],
    ['runtime/unknown-backend', 2],
    ['dataset/not-present', 3],
    ['data/truncated', 3],
    ['image/corrupt', 3],
    ['file/not-found', 3],
    ['file/disk-full', 1],
    ['safetensors/corrupt', 3],
    ['pytorch/mismatch', 3],
    ['runtime/backend-unavailable', 4],
    ['training/not-finite', 1],
  ])('gives %s the exit code %i and shows the message alone', (code, expected) => {
    expect(report(new TransferkitError(code, 'what and where'))).toEqual({ code: expected, text: 'Error: what and where\n' })
  })

  test('says what to do about a full disk', () => {
    expect(report(systemError('ENOSPC', '/runs/digits/metrics.jsonl'))).toEqual({
      code: 1,
      text: 'Error: /runs/digits/metrics.jsonl: The disk is full. What was finished before is kept; free some space and run the same command again, which goes on from there.\n',
    })
  })

  test('says that an unknown error is one, and where to look', () => {
    expect(report(new RangeError('odd')).text).toBe('Error: odd\nThis is not a mistake that Transferkit knows. Run the command again with --debug to see where it comes from.\n')
  })

  test('shows stack and causes only when asked', () => {
    const error = new TransferkitError('data/truncated', 'outer', { cause: new Error('inner') })
    expect(report(error).text).not.toContain('at ')
    expect(report(error, true).text).toMatch(/Error: outer\n.*\n\s+at [\s\S]*Caused by: Error: inner\n\s+at /)
  })

  test('stands out on a terminal', () => {
    expect(report(new Error('odd'), false, undefined, true).text).toMatch(/^\u001B\[1m\u001B\[31mError:\u001B\[39m\u001B\[22m odd/)
  })

  test('an interruption is no error', () => {
    const controller = new AbortController()
    controller.abort()
    expect(report(new Error('aborted'), false, controller.signal)).toEqual({ code: 130, text: 'Interrupted. What was finished is saved; the same command goes on from there.\n' })
  })
})
