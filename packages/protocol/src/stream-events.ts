/**
 * What the events of `GET /v1/changes` say. Each one's data is a JWT of the type, the audience and the
 * algorithm below, by a key of `GET /v1/changes/keys`, with the claims of `streamEventSchema`.
 *
 * Positions make a chain: between `after` and `position` of an event nothing else has happened. So a
 * reader that has been told everything up to some position knows by them alone what to do with the
 * next event: not after that position, it is old; `after` beyond it, something is missing.
 */
import { z } from 'zod'
import { type Position, parsePosition } from './position.ts'

export const changeToken = {
  algorithm: 'EdDSA',
  audience: 'changes',
  type: 'changes+jwt',
} as const

/** Header of the request: a random word of the reader's, which `hello` and `flush` repeat. */
export const streamIdHeader = 'keywell-stream'
export const streamIdSchema = z.string().regex(/^[\w-]{16,64}$/)

const positionSchema = z.string().transform((text, context): Position => {
  const position = parsePosition(text)
  if (position !== undefined) return position
  context.addIssue('is no position')
  return z.NEVER
})
/** The database's time when the log had been read up to `position`, in milliseconds since 1970. */
const atSchema = z.int().nonnegative()

/** For one stream only: bound to its request, and counted. */
const ownSchema = z.object({
  stream: streamIdSchema.nullable(),
  /** 0 for `hello`, then one more at each `flush`. */
  count: z.int().nonnegative(),
  position: positionSchema,
})
/** Signed once, and true for whoever reads the log of this installation. */
const sharedSchema = z.object({ after: positionSchema, position: positionSchema })

export const streamEventSchema = z.discriminatedUnion('event', [
  ownSchema.extend({ event: z.literal('hello'), at: atSchema }),
  ownSchema.extend({ event: z.literal('flush') }),
  sharedSchema.extend({ event: z.literal('heartbeat'), at: atSchema }),
  /** `change` is read by `changeSchema`, apart, since a newer service may say what an older reader cannot read. */
  sharedSchema.extend({ event: z.literal('change'), change: z.unknown() }),
])
/** As it is signed. */
export type StreamEventClaims = z.input<typeof streamEventSchema>
/** As it is read. */
export type StreamEvent = z.output<typeof streamEventSchema>

/** Answer of `GET /v1/changes/keys`: a JSON Web Key Set, and the issuer of what they sign. */
export const changeKeysSchema = z.object({
  issuer: z.string(),
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })),
})
export type ChangeKeys = z.infer<typeof changeKeysSchema>
