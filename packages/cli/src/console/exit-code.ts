/** What each exit code means, as `--help` shows it. @internal */
export const exitCodes = {
  success: { code: 0, meaning: 'everything was done' },
  failure: { code: 1, meaning: 'something failed during the work: training, writing files' },
  usage: { code: 2, meaning: 'the command line or the recipe is wrong' },
  data: { code: 3, meaning: 'data are missing or damaged: a data set, weights, an artefact, an image' },
  backend: { code: 4, meaning: 'no backend can be opened or set up' },
  interrupted: { code: 130, meaning: 'interrupted; what was finished is saved, and the same command goes on from there' },
} as const

/** A kind of end. @internal */
export type Outcome = keyof typeof exitCodes
