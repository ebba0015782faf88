/**
 * @typedef {object} PlannedStrategy A strategy of a run.
 * @property {string | object} entry Its entry in the recipe.
 * @property {number} cost How long a step takes, relative to one of plain training.
 */

/**
 * @typedef {object} PlannedRun One recipe of an area: a target with one size.
 * @property {string} id Name on the command line, of its folder, and of its rows.
 * @property {string} task What is transferred where, for people.
 * @property {string} size How much of the target there is to learn from, for people.
 * @property {number} steps Steps of each training.
 * @property {readonly number[]} seeds Seeds of each strategy.
 * @property {readonly PlannedStrategy[]} strategies What is compared.
 * @property {object} recipe All of the recipe but strategies and seeds.
 */

/**
 * What `transferkit compare` reads; JSON is YAML too.
 *
 * @type {(run: PlannedRun) => string}
 */
export const recipeText = ({ id, recipe, strategies, seeds }) => `${JSON.stringify({ name: id, ...recipe, strategies: strategies.map(({ entry }) => entry), seeds }, undefined, 1)}\n`

/** Steps of plain training that opening, testing and saving a model cost. */
const overhead = 40

/**
 * What a run costs, in steps of plain training.
 *
 * @type {(run: PlannedRun) => number}
 */
export const costOf = ({ steps, seeds, strategies }) => seeds.length * strategies.reduce((total, { cost }) => total + overhead + steps * cost, 0)

/**
 * The runs that a word on the command line means: `all`, a run, or the runs whose names begin with it.
 *
 * @type {(runs: readonly PlannedRun[], word: string) => readonly PlannedRun[]}
 */
export const chosenRuns = (runs, word) => {
  const found = runs.filter(({ id }) => word === 'all' || id === word || id.startsWith(`${word}-`))
  if (found.length === 0) throw new Error(`There is no run '${word}'. The runs are: all, ${runs.map(({ id }) => id).join(', ')}.`)
  return found
}

/**
 * The part of some runs that one of several processes does, such as `2/2`.
 *
 * @template T
 * @param {readonly T[]} runs The runs.
 * @param {string} share Which part of how many.
 * @returns {readonly T[]} The part.
 */
export const shareOf = (runs, share) => {
  const [, part = 0, parts = 0] = (/^(\d+)\/(\d+)$/.exec(share) ?? []).map(Number)
  if (part < 1 || part > parts) throw new Error(`--share says which part of how many, such as 1/2, not '${share}'.`)
  return runs.filter((_, index) => index % parts === part - 1)
}
