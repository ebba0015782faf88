import { engine } from '@tensorflow/tfjs-core'
import { afterAll, afterEach, beforeEach } from 'vitest'

const methods = ['debug', 'dir', 'error', 'info', 'log', 'table', 'trace', 'warn'] as const
const written: string[] = []
let tensorsBefore = 0

// Asked of the engine itself: a guard does not rely on the code that it guards, and `memory()` throws while no backend is open.
const liveTensors = (): number => engine().state.numTensors

const takeWritten = (where: string): string[] => {
  const lines = written.splice(0)
  return lines.length === 0 ? [] : [`${where} wrote to the console, where nobody reads it:\n${lines.map((line) => `  ${line}`).join('\n')}`]
}

// Installed for the whole file, so that what a module prints while it is imported is found as well.
for (const method of methods) {
  console[method] = (...values: unknown[]) => {
    written.push(`console.${method}: ${values.map(String).join(' ')}`)
  }
}

beforeEach(() => {
  tensorsBefore = liveTensors()
})

// Vitest runs the hooks of a set-up file first before a test and last after it: what a test file makes and
// releases in its own hooks is not counted. Tests of one file must not run concurrently, for the count is global.
afterEach(() => {
  const problems = takeWritten('The test')
  const leaked = liveTensors() - tensorsBefore
  if (leaked !== 0) {
    const found = `${Math.abs(leaked)} tensor(s) ${leaked > 0 ? 'more' : 'fewer'} than it began with`
    problems.push(`The test ends with ${found}: it leaks, or releases what it does not own.`)
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
})

afterAll(() => {
  const problems = takeWritten('The test file, outside its tests,')
  if (problems.length > 0) throw new Error(problems.join('\n'))
})
