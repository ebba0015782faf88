/** @import { Area } from './page.js' */

/**
 * The pages of results by the name of their data in `docs/results`.
 *
 * @type {Readonly<Record<string, Area & { readonly recipes: readonly string[] }>>}
 */
export const areas = {
  vision: {
    title: 'Vision: adapters, gates and their baselines on real domains',
    baseline: 'fine-tune',
    command: 'npm run results -- vision',
    recipes: ['tools/results/vision.yaml'],
  },
}
