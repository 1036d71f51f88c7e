/** Reads what a look at the provider answered, whatever it is. */

type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? (value as Fields) : undefined
}

export function itemsIn(value: unknown): Fields[] {
  if (!Array.isArray(value)) return []
  return value.map(fieldsOf).filter((each) => each !== undefined)
}

export function textsOf(items: readonly Fields[], field: string): string[] {
  return items.flatMap((each) => (typeof each[field] === 'string' ? [each[field]] : []))
}

export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
}
