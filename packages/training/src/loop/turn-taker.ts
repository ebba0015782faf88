/** Gives timers and signals a turn now and then; asking at every step would cost more than small steps take. @internal */
export const turnTaker = (): (() => Promise<void>) => {
  let last = performance.now()
  return async () => {
    if (performance.now() - last < 20) return
    await new Promise<void>((resolve) => setTimeout(resolve))
    last = performance.now()
  }
}
