import { type IdKind, makeId } from '@keywell/protocol'

/** Random bytes of one id, and how many ids' worth is drawn at a time: each draw costs more than an id. */
const idBytes = 10
const idsPerDraw = 64

/** Makes ids of one kind; clock and randomness come in once, at the composition root. */
export type MakeId = <Kind extends IdKind>(kind: Kind) => ReturnType<typeof makeId<Kind>>

export function createIds(options: {
  randomBytes: (bytes: number) => Uint8Array
  now: () => number
}): MakeId {
  let drawn: Uint8Array = new Uint8Array()
  return (kind) => {
    if (drawn.length < idBytes) drawn = options.randomBytes(idBytes * idsPerDraw)
    const random = drawn.subarray(0, idBytes)
    drawn = drawn.subarray(idBytes)
    return makeId(kind, random, options.now())
  }
}
