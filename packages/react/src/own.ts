/** The value of a record's own key: a provider may be called `constructor`, and so may be a text that is asked for. */
export function own<Value>(
  record: Readonly<Partial<Record<string, Value>>>,
  key: string,
): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
