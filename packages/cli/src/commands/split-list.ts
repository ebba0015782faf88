/**
 * The words of a list that is written with commas.
 *
 * @param text The list; none where it was not given.
 * @internal
 */
export const splitList = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
