import { contestant, here } from './turns.mjs'

/** Takes 1,000 training steps of a small network and prints, every 100, the tensors alive and the largest resident set so far: neither may grow. */
const name = 'digits-batch64'
for (const mode of ['compiled', 'eager']) {
  const run = await contestant(name, [process.execPath, here('transferkit-step.mjs'), name, 'native', mode])
  for (let done = 100; done <= 1000; done += 100) {
    await run.round(100, true)
    const { tensors, memory } = run.last()
    process.stdout.write(`${mode}, step ${done}: ${tensors} tensors, ${Math.round(memory / 1e6)} MB at most\n`)
  }
  run.end()
}
