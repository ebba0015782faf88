/**
 * First name that an object of a JSON text has twice, as a path; `JSON.parse` would silently keep the last.
 *
 * @param text A valid JSON text.
 * @internal
 */
export const duplicateName = (text: string): string | undefined => {
  const open: { readonly names: Set<string>; readonly isObject: boolean }[] = []
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g
  for (const [token, colon] of text.matchAll(tokens)) {
    if (token === '{' || token === '[') open.push({ names: new Set(), isObject: token === '{' })
    else if (token === '}' || token === ']') open.pop()
    else if (colon !== undefined) {
      // A string in front of a colon is a name; written with escapes it is the same name.
      const name = String(JSON.parse(token.slice(0, token.length - colon.length)))
      const names = open.at(-1)?.names
      if (names?.has(name) === true) return name
      names?.add(name)
    }
  }
  return undefined
}
