import { KeywellError, type ReadCredential, type ReadCredentialAnswer } from '@keywell/protocol'
import type { Clock } from '../clock.ts'
import { Credential } from '../credential.ts'
import type { Answers } from './answers.ts'
import type { Background } from './background.ts'
import type { Entry, LoadRequest, Successor } from './entry.ts'
import { type Identity, tenantOwned } from './entry-index.ts'
import { asKeywellError, overtaken, tooOld } from './failures.ts'
import type { Generations } from './generations.ts'
import type { LogCoverage } from './log-coverage.ts'

/** Times that the service is asked when its answers are overtaken by changes. */
const maxRequests = 3

export interface LoaderParts {
  readonly read: (query: ReadCredential) => Promise<ReadCredentialAnswer>
  readonly clock: Pick<Clock, 'now' | 'resumedAtMs'>
  /** Readers wait for one request together. Otherwise each waits for its own, which ends with it. */
  readonly isShared: boolean
  readonly coverage: LogCoverage
  readonly generations: Generations
  readonly answers: Answers
  readonly background: Background
}

export interface LoadOptions {
  readonly minGeneration?: number
  /** Milliseconds that the service may wait for a refresh. Default: the service's own. */
  readonly waitMs?: number
  /** No caller waits for it. */
  readonly background?: boolean
}

/** Asks the service on behalf of entries: one request for each, however many readers wait for it. */
export class Loader {
  readonly #parts: LoaderParts
  /** Entries with a request under way. */
  readonly #underWay = new Set<Entry>()

  constructor(parts: LoaderParts) {
    this.#parts = parts
  }

  get underWay(): Iterable<Entry> {
    return this.#underWay
  }

  /** Until there is an answer that holds, or a failure that counts. */
  load(entry: Entry, options: LoadOptions): Promise<Credential> {
    if (!this.#parts.isShared) return this.#load(entry, options)
    entry.pending ??= this.#load(entry, options)
    return entry.pending
  }

  /** Ahead of need. A failure is reported to `onError`, and tried again when it is due. */
  async loadInBackground(entry: Entry): Promise<void> {
    await this.load(entry, { background: true }).catch(() => {})
  }

  /** The same credential, with what the service says of these scopes. Nothing is held. */
  async loadForScopes(entry: Entry, scopes: readonly string[]): Promise<Credential> {
    const { read, generations } = this.#parts
    const answer = await read({ ...requestOf(entry.identity), scopes: [...scopes] })
    if (answer.unchanged || generations.isTooOld(answer)) {
      throw tooOld(answer, generations.highest(answer.connectionId))
    }
    return new Credential(answer)
  }

  async #load(entry: Entry, options: LoadOptions): Promise<Credential> {
    const { coverage, answers, background } = this.#parts
    this.#underWay.add(entry)
    try {
      const credential = await this.#loadUntilTaken(entry, options)
      entry.pending = undefined
      // The coverage began while this was under way: a change in between is on no page.
      if (entry.validatedBy.segment !== coverage.segment) background.add(entry)
      return credential
    } catch (error) {
      return answers.fail(entry, asKeywellError(error), options)
    } finally {
      this.#underWay.delete(entry)
      entry.pending = undefined
      entry.isAwaited = false
    }
  }

  async #loadUntilTaken(entry: Entry, { minGeneration, waitMs }: LoadOptions): Promise<Credential> {
    const { clock, coverage, generations, answers } = this.#parts
    for (let requests = 1; ; requests += 1) {
      const { epoch, successor, credential: held } = entry
      const request = { atMs: clock.now(), segment: coverage.segment }
      const answer = await this.#read(entry, request, {
        ...requestOf(entry.identity),
        ...(minGeneration === undefined ? { ifNewerThan: held?.generation } : { minGeneration }),
        waitMs,
      })
      // An answer from before a pause says nothing about now.
      clock.now()
      const isFromBefore = request.atMs < clock.resumedAtMs
      if (isFromBefore && requests < maxRequests) continue
      if (answer instanceof KeywellError) throw answer
      const isTooOld = generations.isTooOld(answer)
      const isOvertaken = epoch !== entry.epoch || isOlderThan(answer, successor, entry.successor)
      const isCurrent = !isOvertaken && !isTooOld && !isFromBefore
      const credential = isCurrent ? answers.take(entry, answer, request) : undefined
      if (credential !== undefined) return credential
      if (requests < maxRequests) continue
      throw isTooOld ? tooOld(answer, generations.highest(answer.connectionId)) : overtaken()
    }
  }

  /** What the service answered, or why it did not. Either way it was asked. */
  async #read(
    entry: Entry,
    request: LoadRequest,
    query: ReadCredential,
  ): Promise<ReadCredentialAnswer | KeywellError> {
    try {
      return await this.#parts.read(query)
    } catch (error) {
      return asKeywellError(error)
    } finally {
      entry.lastRequest = request
    }
  }
}

function requestOf({ provider, tenantId, userId, connectionName, host }: Identity): ReadCredential {
  const owner = userId === tenantOwned ? { owner: 'tenant' as const } : { userId }
  return { provider, tenantId, ...owner, connectionName, host }
}

/** A change named another successor while the request was under way, and this is not it. */
function isOlderThan(
  answer: ReadCredentialAnswer,
  before: Successor | undefined,
  after: Successor | undefined,
): boolean {
  if (after === undefined || after === before) return false
  return answer.connectionId !== after.connectionId || answer.generation < after.generation
}
