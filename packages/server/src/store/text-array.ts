/*
 * text[] as Postgres writes it: {plain,"quoted, with \" and \\"}. The `postgres` package would learn
 * array types by a query of its own on each new connection. When that query fails, its rejection is
 * unhandled and ends the process. So it is given this one type instead.
 */

/** One element: quoted, or bare. */
const element = /"((?:[^"\\]|\\.)*)"|[^{},"]+/gs

/** Reads a one-dimensional array; an element that is NULL is left out, as no column of ours has one. */
export function parseTextArray(text: string): string[] {
  const values: string[] = []
  for (const [bare, quoted] of text.matchAll(element)) {
    if (quoted !== undefined) values.push(quoted.replaceAll(/\\(.)/gs, '$1'))
    else if (bare !== 'NULL') values.push(bare)
  }
  return values
}

/** Writes an array for a parameter. */
export function formatTextArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}
