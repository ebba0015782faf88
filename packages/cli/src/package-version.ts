import { createRequire } from 'node:module'

/**
 * Version of this package, from its own description, which lies one folder up from the sources and from the build alike.
 *
 * @internal
 */
export const packageVersion = (): string => {
  // The description of every package has a version.
  const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string }
  return version
}
