import { z } from 'zod'

/**
 * An object without unknown fields: what is misspelt is refused, and not dropped. The error names the known
 * fields; what was sent is not repeated, since it may be a secret.
 */
export function knownFields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `has an unknown field; the known ones are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}
