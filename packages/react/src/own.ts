/** The value of a record's own key: a provider may be called `constructor`, and so may be a text that is asked for. */
export function own<Value>(
  record: Readonly<Partial<Record<string, Value>>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

/** A record of the same keys, with other values. */
export function mapValues<Values extends object>(
  record: Values,
  change: (value: unknown, key: string) => unknown,
): Values {
  const entries = Object.entries(record).map(([key, value]) => [key, change(value, key)])
  // Of the same keys; that each value is of its type is up to `change`.
  return Object.fromEntries(entries) as Values
}
