/** What is wrong in one place of a definition. */
export interface Problem {
  readonly path: Path
  readonly message: string
}

export type Path = readonly (string | number)[]

export function problemAt(path: Path, message: string | undefined): Problem[] {
  return message === undefined || message === '' ? [] : [{ path, message }]
}

/** An item with the name of an earlier one. */
export function repeated<Item>(
  path: Path,
  items: readonly Item[],
  nameOf: (item: Item) => string,
  field: string,
): Problem[] {
  const names = items.map(nameOf)
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [{ path: [...path, index, field], message: `there are two of the name ${name}` }]
      : [],
  )
}

export function unknownScopes(
  known: ReadonlySet<string>,
  path: Path,
  scopes: readonly string[],
): Problem[] {
  return scopes.flatMap((scope, index) =>
    known.has(scope) ? [] : [{ path: [...path, index], message: `there is no scope ${scope}` }],
  )
}
