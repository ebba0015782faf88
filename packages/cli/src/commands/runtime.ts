import { diagnose, formatDiagnosis, type InstallPhase, installNative, type InstallProgress, installUpstream } from '@transferkit/runtime/node'
import { type CommandContext, writeJson } from '../console/command-context.js'
import type { ProgressTask } from '../console/progress.js'
import type { RuntimeArguments } from './arguments.js'

const phaseLabels: Readonly<Record<InstallPhase, string>> = {
  wait: 'Wait for another set-up',
  download: 'Download TensorFlow',
  verify: 'Check the hash',
  unpack: 'Unpack',
  compile: 'Compile the binding',
}

/** Shows the phases of the set-up, a bar each. */
const phaseProgress = ({ progress }: CommandContext): { readonly show: (event: InstallProgress) => void; readonly end: () => Promise<void> } => {
  let current: { readonly key: string; readonly task: Promise<ProgressTask> } | undefined
  const end = async (): Promise<void> => {
    const ended = current
    current = undefined
    ;(await ended?.task)?.end()
  }
  return {
    end,
    show: ({ phase, subject, completed, total }) => {
      const key = `${phase} ${subject}`
      if (current?.key !== key) {
        void end()
        current = { key, task: progress.begin(`${phaseLabels[phase]}: ${subject}`, Math.max(total, 1)) }
      }
      const { task } = current
      void task.then((shown) => shown.update(completed))
    },
  }
}

const install = async ({ accelerator, upstream = false }: RuntimeArguments, context: CommandContext): Promise<void> => {
  const { progress, io } = context
  if (upstream) {
    await installUpstream({ accelerator, onLine: (line) => progress.note(line), signal: io.signal })
    return
  }
  const phases = phaseProgress(context)
  try {
    const { reused, tensorflowVersion } = await installNative({ accelerator, onProgress: phases.show, signal: io.signal })
    await phases.end()
    progress.note(reused ? `TensorFlow ${tensorflowVersion} is set up already.` : `TensorFlow ${tensorflowVersion} is set up.`)
  } finally {
    await phases.end()
  }
}

/** Says what computes here, and sets native TensorFlow up where that is asked for. @internal */
export const runtimeCommand = async (options: RuntimeArguments, context: CommandContext): Promise<void> => {
  if (options.install === true || options.upstream === true) await install(options, context)
  const diagnosis = await diagnose()
  if (context.json) writeJson(context, diagnosis)
  else context.io.stdout.write(`${formatDiagnosis(diagnosis)}\n`)
}
