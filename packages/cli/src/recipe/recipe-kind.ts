import type { z } from 'zod'
import type { RecipeProblem } from './issues.js'

/** A kind of recipe: what it has to say, and how it is checked. @internal */
export interface RecipeKind<R> {
  /** The check of its fields. */
  readonly schema: z.ZodType<R>
  /** What it is, for somebody who gave something else. */
  readonly description: string
  /**
   * What is wrong beyond single fields.
   *
   * @param recipe The recipe, whose fields are right one by one.
   */
  problems(recipe: R): readonly RecipeProblem[]
}
