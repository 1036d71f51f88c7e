import { randomBytes } from 'node:crypto'
import { type IdKind, makeId } from '@keywell/protocol'

/** An id that nothing has. */
export function newId<Kind extends IdKind>(kind: Kind): ReturnType<typeof makeId<Kind>> {
  return makeId(kind, randomBytes(10), Date.now())
}
