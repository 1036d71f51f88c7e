import { z } from 'zod'

/**
 * An object schema that refuses unknown fields, so that a misspelt field is never dropped. The error lists the
 * known fields. It does not repeat the unknown one, which may be a secret.
 */
export function knownFields<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys'
        ? `has an unknown field; the known ones are ${Object.keys(shape).join(', ')}`
        : undefined,
  })
}
