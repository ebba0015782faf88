import { describe, expect, test } from 'vitest'
import { runCaptured } from './run-captured.fixture.js'

describe('help', () => {
  test('teaches: commands, options, examples and exit codes', async () => {
    const { code, stdout, stderr } = await runCaptured(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatchSnapshot()
  })

  test('shows a recipe', async () => {
    const { code, stdout } = await runCaptured(['compare', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatchSnapshot()
  })

  test('is an error when nothing was asked for', async () => {
    const { code, stdout, stderr } = await runCaptured([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('Usage: transferkit')
  })
})

test('the version is that of the package', async () => {
  expect(await runCaptured(['--version'])).toEqual({ code: 0, stdout: '0.0.0\n', stderr: '' })
})

describe('a wrong command line ends with 2 and says what was meant', () => {
  test.each([
    [['comprae', 'x.yaml']],
    [['compare', 'x.yaml', '--sedes', '1']],
    [['compare', 'x.yaml', '--seeds', '1,x']],
    [['compare', 'x.yaml', '--seeds', '1,1']],
    [['compare', 'x.yaml', '--seeds']],
    [['compare']],
    [['compare', 'x.yaml', 'y.yaml']],
    [['run', 'x.yaml', '--seed', '1,2']],
    [['predict']],
    [['predict', 'x', 'y.png', '--top', '0']],
  ])('%j', async (argv) => {
    const { code, stdout, stderr } = await runCaptured(argv)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatchSnapshot()
  })
})
