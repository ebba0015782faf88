import { TransferkitError } from '@transferkit/tensor'

/**
 * Work that can be awaited for its result, or iterated for its events, or both: first iterated, then awaited.
 *
 * The work starts when it is awaited or iterated. Leaving the iteration early stops the work, and awaiting it then throws a TransferkitError
 * `training/stopped`.
 */
export interface Run<Event, Result> extends PromiseLike<Result>, AsyncIterable<Event> {
  /**
   * The result as a promise, for `Promise.all` and the like; starts the work.
   */
  result(): Promise<Result>
}

/**
 * Makes a run of a generator of events that returns its result.
 *
 * @param start Makes the generator; called when the work is to begin.
 * @returns The run. It throws `training/iterated-twice` when its events are iterated a second time or after the result was awaited, and `training/stopped` as {@link Run} says.
 *
 * @example
 * ```ts
 * import { runOf } from '@transferkit/training'
 *
 * const counting = runOf(async function* () {
 *   yield 1
 *   yield 2
 *   return 'done'
 * })
 * const result = await counting.result() // 'done'
 * ```
 */
export const runOf = <Event, Result>(start: () => AsyncGenerator<Event, Result>): Run<Event, Result> => {
  let settle: { readonly resolve: (result: Result) => void; readonly reject: (reason: unknown) => void } | undefined
  const outcome = new Promise<Result>((resolve, reject) => {
    settle = { resolve, reject }
  })
  // Whoever awaits the run sees the error; nobody has to.
  outcome.catch(() => undefined)
  let started = false

  async function* events(): AsyncGenerator<Event, void> {
    if (started) throw new TransferkitError('training/iterated-twice', 'The events of a run can be iterated once, and before its result is awaited.')
    started = true
    const generator = start()
    let finished = false
    try {
      for (;;) {
        const next = await generator.next()
        if (next.done === true) {
          finished = true
          settle?.resolve(next.value)
          return
        }
        yield next.value
      }
    } catch (error) {
      finished = true
      settle?.reject(error)
      throw error
    } finally {
      if (!finished) {
        // The generator frees what it holds; its own result will not come.
        await generator.return(undefined as never)
        settle?.reject(new TransferkitError('training/stopped', 'The iteration over the events was left before the work was done.'))
      }
    }
  }

  const result = async (): Promise<Result> => {
    if (!started) for await (const _event of events());
    return outcome
  }
  return {
    result,
    [Symbol.asyncIterator]: events,
    then: (fulfilled, rejected) => result().then(fulfilled, rejected),
  }
}
