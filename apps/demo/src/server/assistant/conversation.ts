import type { ToolView } from '@keywell/protocol'
import type { Entry } from '../../assistant-api.ts'
import type { CallError, Message, ToolCall } from './model.ts'

/** What was said and done in one signed-in browser. Kept in memory. */
export interface Conversation {
  readonly messages: Message[]
  readonly entries: Entry[]
  /** Calls that have no result yet, in their order. */
  pending: ToolCall[]
  /** What the first of them waits for. */
  waiting: Waiting | undefined
  /** The definitions that the model has. */
  tools: readonly ToolView[]
  busy: boolean
}

export interface Waiting {
  /** The entry that asks the user. */
  readonly entry: number
  readonly error: CallError
  /** Of an approval. */
  readonly approvalId: string | undefined
}

/** Everything but the id, which an entry gets when it is shown first. */
export type EntryBody = Entry extends infer One
  ? One extends Entry
    ? Omit<One, 'id'>
    : never
  : never

const maxConversations = 200

/** Conversations by session. The oldest makes room for a new one. */
export interface Conversations {
  of(session: string): Conversation
  forget(session: string): void
}

export function createConversations(): Conversations {
  // A Map keeps the order of insertion.
  const rows = new Map<string, Conversation>()
  return {
    of(session) {
      const found = rows.get(session)
      if (found !== undefined) return found
      const oldest = rows.size >= maxConversations ? rows.keys().next().value : undefined
      if (oldest !== undefined) rows.delete(oldest)
      const made = newConversation()
      rows.set(session, made)
      return made
    },
    forget(session) {
      rows.delete(session)
    },
  }
}

function newConversation(): Conversation {
  return {
    messages: [],
    entries: [],
    pending: [],
    waiting: undefined,
    tools: [],
    busy: false,
  }
}

/** Puts an entry at the end, or in the place of the one that has this id. Returns it. */
export function putEntry(
  { entries }: Conversation,
  body: EntryBody,
  id: number = entries.length,
): Entry {
  const entry: Entry = { ...body, id }
  entries[id] = entry
  return entry
}
