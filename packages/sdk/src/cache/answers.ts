import type { KeywellError, ReadCredentialAnswer } from '@keywell/protocol'
import type { Clock } from '../clock.ts'
import { Credential } from '../credential.ts'
import { callHook, type Hooks } from '../hooks.ts'
import type { Entries } from './entries.ts'
import type { Entry, LoadRequest } from './entry.ts'
import { expired, negativeTtlMs, reasonOf } from './failures.ts'
import type { Freshness } from './freshness.ts'
import type { Generations } from './generations.ts'
import type { LoadOptions } from './loader.ts'

export interface AnswerParts {
  readonly entries: Entries
  readonly clock: Clock
  readonly freshness: Freshness
  readonly generations: Generations
  readonly hooks: Hooks
}

/** What an answer of the service does to an entry, and what a failure does. */
export class Answers {
  readonly #parts: AnswerParts

  constructor(parts: AnswerParts) {
    this.#parts = parts
  }

  /** Holds what was answered. Undefined: the answer compares with something that is not held. */
  take(entry: Entry, answer: ReadCredentialAnswer, request: LoadRequest): Credential | undefined {
    const { entries, clock, freshness, generations, hooks } = this.#parts
    const { credential: held } = entry
    const isSame =
      held?.connectionId === answer.connectionId && held.generation === answer.generation
    if (answer.unchanged && !isSame) {
      entries.evict(entry, 'disconnected')
      return undefined
    }
    if (answer.expiresInMs !== null && answer.expiresInMs <= 0) throw expired(answer)
    const credential = isSame || answer.unchanged ? held : new Credential(answer)
    if (credential === undefined) return undefined
    if (held !== undefined) entries.unlink(entry, held.connectionId)
    entries.link(entry, credential.connectionId)
    generations.see(credential.connectionId, credential.generation)
    const nowMs = clock.now()
    entry.hold(credential, answer.expiresInMs, request)
    entry.waitForNewer(nowMs)
    entry.isFresh = freshness.lasts(entry, nowMs)
    const { connectionId, generation } = credential
    const durationMs = nowMs - request.atMs
    callHook(hooks.onRefresh, { connectionId, generation, changed: !isSame, durationMs })
    return credential
  }

  /**
   * An error that says that there is no credential ends what is held; any other failure does not, as long as
   * the bound allows. Returns what may be served in spite of it, or throws.
   */
  fail(
    entry: Entry,
    error: KeywellError,
    { background = false, minGeneration }: LoadOptions,
  ): Credential {
    const { entries, clock, freshness, hooks } = this.#parts
    callHook(hooks.onError, { error, background })
    const nowMs = clock.now()
    const rememberMs = negativeTtlMs(error)
    if (rememberMs !== undefined) {
      entries.evict(entry, reasonOf(error))
      entry.refusal = { error, untilMs: nowMs + rememberMs }
      throw error
    }
    if (error.code === 'unauthorized') {
      entries.removeAll('unauthorized')
      throw error
    }
    entry.failed(nowMs, error.code === 'unavailable')
    // What the provider refused is no answer while its successor is on the way.
    if (minGeneration !== undefined && error.code === 'refresh_in_progress') throw error
    if (entry.credential !== undefined && freshness.mayServe(entry, nowMs)) return entry.credential
    throw error
  }
}
