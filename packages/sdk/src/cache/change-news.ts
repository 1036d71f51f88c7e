import type { Change, Connection } from '@keywell/protocol'

/** What a change means to a cache: a change, without its place in the log. */
export type ChangeNews = Omit<Change, 'position' | 'at'>

/** What is known already from an answer, before the change stream brings it. */
export function newsOf(kind: ChangeNews['kind'], connection: Connection): ChangeNews {
  const { tenantId, userId, id, provider, host, name, generation } = connection
  return { kind, tenantId, userId, connectionId: id, provider, host, name, generation }
}
