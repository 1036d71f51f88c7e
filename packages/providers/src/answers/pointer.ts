/**
 * The value at a JSON pointer (RFC 6901); undefined: there is none. Only what an answer itself has counts, never what
 * every object has.
 */
export function readPointer(value: unknown, pointer: string): unknown {
  const steps = pointer.split('/').slice(1)
  return steps.map(unescaped).reduce<unknown>((found, step) => {
    const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, step)
    return isThere ? Reflect.get(found, step) : undefined
  }, value)
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')

/** The first value of these places that is there and not null; undefined: none is. */
export function readFirst(value: unknown, pointers: readonly string[]): unknown {
  return pointers.map((pointer) => readPointer(value, pointer)).find((found) => found != null)
}
