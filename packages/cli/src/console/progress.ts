import type { TextOutput } from './command-io.js'

/** Work whose progress is shown. @internal */
export interface ProgressTask {
  /**
   * Says how far the work is.
   *
   * @param completed How much is done, of the total.
   * @param detail What to show beside it, such as the loss.
   */
  update(completed: number, detail?: string): void
  /**
   * Takes the bar away and leaves one line.
   *
   * @param line What came out of it; none where nothing is worth keeping.
   */
  end(line?: string): void
}

/** Shows the progress of long work. @internal */
export interface Progress {
  /**
   * Begins to show some work.
   *
   * @param label What is being done.
   * @param total When `completed` reaches this, it is done.
   */
  begin(label: string, total: number): Promise<ProgressTask>
  /**
   * Shows a line between tasks.
   *
   * @param line The line.
   */
  note(line: string): void
}

/** Says nothing: for `--quiet`. @internal */
const silentProgress: Progress = {
  begin: () => Promise.resolve({ update: () => undefined, end: () => undefined }),
  note: () => undefined,
}

/** For logs and pipes: a line when work begins, and a line when it ends. */
const plainProgress = (output: TextOutput): Progress => ({
  begin: (label) => {
    output.write(`${label} ...\n`)
    return Promise.resolve({
      update: () => undefined,
      end: (line) => {
        if (line !== undefined) output.write(`${line}\n`)
      },
    })
  },
  note: (line) => {
    output.write(`${line}\n`)
  },
})

const labelWidth = 34

/** For a terminal: a bar with the time left, replaced by one line at the end. */
const barProgress = (output: NodeJS.WritableStream & TextOutput): Progress => ({
  begin: async (label, total) => {
    const { default: cliProgress } = await import('cli-progress')
    const bar = new cliProgress.SingleBar({
      stream: output,
      format: `${label.slice(0, labelWidth).padEnd(labelWidth)} {bar} {percentage} %  {eta_formatted} left  {detail}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 50,
      // Ctrl-C is the business of the process, which saves first.
      gracefulExit: false,
    })
    bar.start(total, 0, { detail: '' })
    return {
      update: (completed, detail = '') => {
        bar.update(Math.min(completed, total), { detail })
      },
      end: (line) => {
        bar.stop()
        if (line !== undefined) output.write(`${line}\n`)
      },
    }
  },
  note: (line) => {
    // A bar may stand on this line; it is drawn again on the next one.
    output.write(`\r\u001B[K${line}\n`)
  },
})

// Bars move the cursor, for which cli-progress needs the stream itself.
const isStream = (output: TextOutput): output is NodeJS.WritableStream & TextOutput => 'on' in output

/**
 * Shows progress as it suits the output: bars on a terminal, plain lines elsewhere.
 *
 * @param output Where to show it.
 * @param quiet Whether to say nothing.
 * @internal
 */
export const progressOn = (output: TextOutput, quiet: boolean): Progress => {
  if (quiet) return silentProgress
  return output.isTTY === true && isStream(output) ? barProgress(output) : plainProgress(output)
}
