import { z } from 'zod'
import { namesInText } from './open-names.ts'

/**
 * `{name}` in it stands for a value of the credential, `{token}` of OAuth or a field of a key by its name, or for a
 * variable of the connection's host.
 */
const valueSchema = z.string().max(200)

/** A header. Where a value in it is absent, an optional field, the header is left out. */
export const headerSchema = z.strictObject({
  in: z.literal('header'),
  name: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, 'must be the name of a header')
    .refine((name) => !connectionHeaders.has(name.toLowerCase()), 'is set by the connection'),
  value: valueSchema.min(1).regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'),
})

/** HTTP Basic (RFC 7617), in UTF-8: user name and password as they are. */
export const basicSchema = z.strictObject({
  in: z.literal('basic'),
  username: valueSchema,
  password: valueSchema,
})

const connectionHeaders = new Set([
  'connection',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** How a credential travels with a call. Each header once. */
export const sendSchema = z
  .array(z.discriminatedUnion('in', [headerSchema, basicSchema]))
  .min(1)
  .max(10)
  .refine((parts) => {
    const names = parts.map((part) =>
      part.in === 'basic' ? 'authorization' : part.name.toLowerCase(),
    )
    return new Set(names).size === names.length
  }, 'has one header twice')

/** The names in braces that a part of a `send` has. */
export function namesSent(part: z.output<typeof sendSchema>[number]): string[] {
  const templates = part.in === 'basic' ? [part.username, part.password] : [part.value]
  return templates.flatMap(namesInText)
}
