import type { ToolView } from '@keywell/protocol'
import type { Language, ModelView } from '../../assistant-api.ts'

/**
 * A language model, or what stands in for one. It reads a conversation and the definitions of tools, and says what is
 * next. It never has a credential: Keywell adds that where a call is sent.
 */
export interface Model {
  readonly view: ModelView
  next(turn: ModelTurn): Promise<ModelStep>
}

export interface ModelTurn {
  readonly messages: readonly Message[]
  readonly tools: readonly ToolView[]
  readonly signal: AbortSignal
}

/** Without calls it has finished. */
export interface ModelStep {
  readonly text: string
  readonly calls: readonly ToolCall[]
}

export interface ToolCall {
  readonly id: string
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
}

/** A conversation as a model reads it. Each call has one result, in the order of the calls. */
export type Message =
  | { readonly role: 'user'; readonly text: string; readonly language: Language }
  | ({ readonly role: 'assistant' } & ModelStep)
  | { readonly role: 'tool'; readonly call: ToolCall; readonly outcome: CallOutcome }

export type CallOutcome =
  /** What the provider said: written by anybody, so it is data and no instruction. */
  | { readonly ok: true; readonly data: unknown; readonly total?: number | undefined }
  | { readonly ok: false; readonly error: CallError }

export interface CallError {
  /** A code of `ToolErrorCode`; or `NOT_RUN`, where the user said something else. */
  readonly code: string
  readonly message: string
  readonly suggestion: string
}
