/**
 * What `GET /v1/changes` and `GET /v1/changes/log` say.
 *
 * Positions make a chain: between `after` and `position` of an event nothing else has happened. So a
 * reader that has received everything up to some position knows by them alone what to do with the
 * next event: not after that position, it is old; `after` beyond it, something is missing.
 *
 * An event of the stream never confirms what a reader holds: only an answer to a request of its own does.
 */
import { z } from 'zod'
import { type Position, parsePosition } from './position.ts'

const positionSchema = z.string().transform((text, context): Position => {
  const position = parsePosition(text)
  if (position !== undefined) return position
  context.addIssue('is no position')
  return z.NEVER
})

const beginningSchema = z.object({ position: positionSchema })
const followingSchema = z.object({ after: positionSchema, position: positionSchema })

/** An event: its name, and its data, which is JSON. */
export const streamEventSchema = z.discriminatedUnion('event', [
  beginningSchema.extend({ event: z.literal('hello') }),
  beginningSchema.extend({ event: z.literal('flush') }),
  followingSchema.extend({ event: z.literal('heartbeat') }),
  /** `change` is read by `changeSchema`, apart, since a newer service may say what an older reader cannot read. */
  followingSchema.extend({ event: z.literal('change'), change: z.unknown() }),
])
/** As it is sent. */
export type StreamEventData = z.input<typeof streamEventSchema>
/** As it is read. */
export type StreamEvent = z.output<typeof streamEventSchema>

/** Query of `GET /v1/changes/log`. */
export const readChangeLogSchema = z.object({
  /** Position of the page before. Without it, the answer says where the log ends. */
  after: z.string().max(100).optional(),
})

/** Answer of `GET /v1/changes/log`: what has happened after a position, oldest first. */
export const changeLogPageSchema = z.object({
  /** Each is read by `changeSchema`, apart: a newer service may say what an older reader cannot read. */
  changes: z.array(z.unknown()),
  /** Send it as `after` of the next page. */
  position: z.string(),
  /** What came after `after` is not known any more: drop everything that is held, and go on from `position`. */
  missed: z.boolean(),
  /** There is no further page for now. */
  isComplete: z.boolean(),
  /**
   * Milliseconds for which changes may be missing from the end of the log: whatever was committed earlier
   * than that before this answer is in it.
   */
  ageMs: z.number().nonnegative(),
})
export type ChangeLogPage = z.infer<typeof changeLogPageSchema>
