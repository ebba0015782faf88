// `npm start`: from a fresh clone to the table and the report of the main job.
import { build, install, prepareRuntime, transferkit } from './prepare.mjs'
import { demandNode, runCommand } from './steps.mjs'

const main = async () => {
  demandNode()
  if (!(await install()).passed || !(await build()).passed) return 1
  if (!(await prepareRuntime()).passed) {
    console.log('Going on without the native runtime: slower, with the same numbers up to rounding. "npx transferkit runtime" says what to do.')
  }
  const extra = process.argv.slice(2)
  const { passed } = await runCommand([...transferkit, 'compare', 'examples/digits.yaml', ...extra], { visible: true })
  return passed ? 0 : 1
}

process.exitCode = await main()
