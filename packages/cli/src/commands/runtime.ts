import { diagnose, formatDiagnosis, type InstallPhase, installNative, type InstallProgress, installUpstream } from '@transferkit/runtime/node'
import { type CommandContext, writeJson } from '../console/command-context.js'
import { type Phase, phaseProgress } from '../console/phases.js'
import type { RuntimeArguments } from './arguments.js'

const phaseLabels: Readonly<Record<InstallPhase, string>> = {
  wait: 'Wait for another set-up',
  download: 'Download TensorFlow',
  verify: 'Check the hash',
  unpack: 'Unpack',
  compile: 'Compile the binding',
}

const phaseOf = ({ phase, subject, completed, total }: InstallProgress): Phase => ({ label: `${phaseLabels[phase]}: ${subject}`, completed, total })

const install = async ({ accelerator, upstream = false }: RuntimeArguments, context: CommandContext): Promise<void> => {
  const { progress, io } = context
  if (upstream) {
    await installUpstream({ accelerator, onLine: (line) => progress.note(line), signal: io.signal })
    return
  }
  const phases = phaseProgress(progress)
  try {
    const { reused, tensorflowVersion } = await installNative({ accelerator, onProgress: (event) => phases.show(phaseOf(event)), signal: io.signal })
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
