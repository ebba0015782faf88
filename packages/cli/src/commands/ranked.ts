/**
 * The most probable classes, the best first.
 *
 * @param probabilities Probabilities of all classes.
 * @param classes Their names.
 * @param top How many.
 * @internal
 */
export const ranked = (probabilities: readonly number[], classes: readonly string[], top: number): readonly { readonly label: string; readonly probability: number }[] =>
  classes
    .map((label, index) => ({ label, probability: probabilities[index] ?? 0 }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, top)
