/** Methods that read a text from its beginning to its end. */
const readers = [
  'split',
  'match',
  'matchAll',
  'replace',
  'replaceAll',
  'search',
  'indexOf',
] as const

/**
 * How many characters `work` has texts searched for, each counted as often as it is searched: work that
 * is linear in its input searches a small multiple of it, on a machine of any speed.
 */
export async function charactersSearched(work: () => Promise<unknown>): Promise<number> {
  let searched = 0
  const prototype = String.prototype as unknown as Record<string, (...given: unknown[]) => unknown>
  const originals = readers.map((name) => [name, prototype[name]] as const)
  for (const [name, original] of originals) {
    prototype[name] = function (this: string, ...given) {
      searched += this.length
      return original?.apply(this, given)
    }
  }
  try {
    await work()
  } finally {
    for (const [name, original] of originals) if (original) prototype[name] = original
  }
  return searched
}
