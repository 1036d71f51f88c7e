import type { Failure } from './api.ts'

/** What the assistant's backend answers to its page: types for both sides, as in `api.ts`. */
export interface AssistantView {
  readonly model: ModelView
  readonly entries: readonly Entry[]
  /** It is at work, for this page or for another tab. */
  readonly busy: boolean
}

export interface ModelView {
  readonly name: string
  /** It follows rules, and understands a few sentences. */
  readonly scripted: boolean
}

/** What is shown of a conversation. An entry that comes again under its id takes the place of the one before. */
export type Entry = { readonly id: number } & (
  | { readonly kind: 'user'; readonly text: string }
  | { readonly kind: 'assistant'; readonly text: string }
  | CallEntry
  | ConnectEntry
  | ApprovalEntry
)

/** A call of a tool. */
export interface CallEntry {
  readonly kind: 'call'
  readonly callId: string
  readonly tool: string
  readonly title: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly state: 'running' | 'waiting' | 'done' | 'failed'
  /** Of a list: how many there are in it. */
  readonly count?: number | undefined
  /** The beginning of what came back, as JSON. */
  readonly preview?: string | undefined
  /** Why it failed or waits: a code for programs, and a sentence. */
  readonly problem?: { readonly code: string; readonly message: string } | undefined
}

/** The user has to consent at the provider before a call goes on. */
export interface ConnectEntry {
  readonly kind: 'connect'
  readonly title: string
  /** Asked for beside what every connection has. Empty: there is no connection that works. */
  readonly scopes: readonly string[]
  readonly state: 'open' | 'connected' | 'declined'
}

/** A person has to approve a call before it is sent. */
export interface ApprovalEntry {
  readonly kind: 'approval'
  readonly title: string
  readonly summary: string
  /** The request as it would be sent, such as `DELETE /api/v4/projects/1`. */
  readonly request: string
  readonly endsAt: string
  readonly state: 'open' | 'approved' | 'denied' | 'declined'
}

/** What the user answers to an entry that is open. */
export type EntryAnswer = 'connected' | 'approve' | 'deny' | 'decline'

export type Language = 'en' | 'de'

/** A line of a streamed answer. */
export type StreamLine = { readonly entry: Entry } | { readonly failure: Failure }

/** An entry of Keywell's audit log, in what this page shows of it. */
export interface AuditRow {
  readonly id: string
  readonly at: string
  readonly action: string
  readonly result: 'ok' | 'denied' | 'failed' | 'intent'
  /** What went otherwise, or was decided. */
  readonly reason: string | null
  /** Name of the tool. */
  readonly about: string | null
  /** What the call was about, such as `acme/api` and `42`. */
  readonly target: readonly string[]
}
