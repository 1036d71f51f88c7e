import { type IdKind, makeId } from '@keywell/protocol'

/** Makes ids of one kind; clock and randomness come in once, at the composition root. */
export type MakeId = <Kind extends IdKind>(kind: Kind) => ReturnType<typeof makeId<Kind>>

export function createIds(options: {
  random: (bytes: number) => Uint8Array
  now: () => number
}): MakeId {
  return (kind) => makeId(kind, options.random(10), options.now())
}
