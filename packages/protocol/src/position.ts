/**
 * A point in the change log, between two changes. They are ordered by the transaction that wrote them,
 * and inside it by number.
 */
export interface Position {
  xid: bigint
  seq: bigint
  /**
   * The database's time about there, in milliseconds since 1970: shows whether what follows is still
   * kept. Takes no part in the order.
   */
  at: number
}

/** As the wire carries it; opaque to clients. */
export function formatPosition({ xid, seq, at }: Position): string {
  return `${xid}.${seq}.${at}`
}

/** Undefined for text that was never a position. */
export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,20})\.(\d{1,19})\.(\d{1,15})$/.exec(text)
  if (match === null) return undefined
  const [, xid = '', seq = '', at = ''] = match
  return { xid: BigInt(xid), seq: BigInt(seq), at: Number(at) }
}

export function isAfter(one: Position, other: Position): boolean {
  return one.xid === other.xid ? one.seq > other.seq : one.xid > other.xid
}
