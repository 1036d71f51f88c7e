import { KeywellError, maxReadWaitMs, readCredentialSchema } from '@keywell/protocol'
import type { Clock } from '../clock.ts'
import type { Credential } from '../credential.ts'
import type { Hooks } from '../hooks.ts'
import { parseInput } from '../request.ts'
import type { Background } from './background.ts'
import type { Entries } from './entries.ts'
import { Entry, reportHit } from './entry.ts'
import { type Identity, tenantOwned } from './entry-index.ts'
import { copyOf } from './failures.ts'
import type { Freshness } from './freshness.ts'
import type { Loader } from './loader.ts'
import { type CredentialQuery, fallbackOf, identityOf } from './query.ts'
import { forScopes } from './scopes.ts'
import type { Sweeper } from './sweeper.ts'
import { type ReadOptions, untilRenewed } from './waiting.ts'

export interface ReadParts {
  readonly entries: Entries
  readonly clock: Clock
  readonly freshness: Freshness
  readonly loader: Loader
  readonly background: Background
  readonly sweeper: Sweeper
  readonly random: () => number
  readonly isShortLived: boolean
  readonly hooks: Hooks
  readonly waitMs: number
  readonly requestTimeoutMs: number
}

/** Reads that need more than the look-up and the flag of a hit. */
export class Reads {
  readonly #parts: ReadParts
  #isClosed = false

  constructor(parts: ReadParts) {
    this.#parts = parts
  }

  /** The user's own, else the tenant's. Each has an entry of its own, so that a change of either is seen. */
  async get(query: CredentialQuery, options: ReadOptions): Promise<Credential> {
    return this.#orFallback(query, (one) => this.#get(one, options))
  }

  async #orFallback<Result>(
    query: CredentialQuery,
    read: (query: CredentialQuery) => Promise<Result>,
  ): Promise<Result> {
    if (query?.fallback !== 'tenant') return read(query)
    try {
      return await read(query)
    } catch (error) {
      if (!(error instanceof KeywellError) || error.code !== 'not_connected') throw error
      return read(fallbackOf(query))
    }
  }

  async #get(query: CredentialQuery, options: ReadOptions): Promise<Credential> {
    const { clock, loader, hooks } = this.#parts
    const entry = this.#entryOf(query)
    const { refusal } = entry
    if (refusal !== undefined && clock.now() < refusal.untilMs) throw copyOf(refusal.error)
    let credential = this.servable(entry)
    entry.isUsed = true
    if (credential === undefined) {
      credential = await this.#untilRenewed(
        options,
        // Another caller may have got it while this one paused.
        (waitMs) => this.servable(entry) ?? loader.load(entry, { waitMs }),
      )
    } else {
      reportHit(entry, hooks.onHit)
    }
    if (query.scopes === undefined) return credential
    return forScopes(loader, entry, credential, query.scopes)
  }

  async getAtLeast(
    query: CredentialQuery,
    minGeneration: number,
    options: ReadOptions,
  ): Promise<Credential> {
    return this.#orFallback(query, (one) => this.#getAtLeast(one, minGeneration, options))
  }

  async #getAtLeast(
    query: CredentialQuery,
    minGeneration: number,
    options: ReadOptions,
  ): Promise<Credential> {
    const entry = this.#entryOf(query)
    return this.#untilRenewed(options, async (waitMs) => {
      // An answer under way may have it already; whether it failed is found out below.
      await entry.pending?.catch(() => {})
      const held = this.servable(entry)
      if (held !== undefined && held.generation >= minGeneration) return held
      return this.#parts.loader.load(entry, { minGeneration, waitMs })
    })
  }

  /** What may be handed out without waiting. Starts the search for a newer one when that is due. */
  servable(entry: Entry): Credential | undefined {
    const { clock, freshness, background } = this.#parts
    const nowMs = clock.now()
    if (!freshness.mayServe(entry, nowMs)) return undefined
    if (freshness.mustAsk(entry, nowMs)) return undefined
    if (nowMs >= entry.softAtMs && nowMs >= entry.retryAtMs) background.add(entry)
    return entry.credential
  }

  /** A moment ago the service said that there is no such connection, and no change has come since. */
  isNotConnected({ refusal }: Entry): boolean {
    return (
      refusal !== undefined &&
      refusal.error.code === 'not_connected' &&
      this.#parts.clock.now() < refusal.untilMs
    )
  }

  /** From now on every read is refused. */
  close(): void {
    this.#isClosed = true
  }

  /** The service lets a call wait, but not for so long that the call could be taken for lost. */
  #untilRenewed<Result>(
    options: ReadOptions,
    ask: (waitMs: number) => Result | Promise<Result>,
  ): Promise<Result> {
    const { waitMs, requestTimeoutMs } = this.#parts
    const longestMs = Math.min(requestTimeoutMs / 2, maxReadWaitMs)
    return untilRenewed((leftMs) => ask(Math.floor(Math.min(leftMs, longestMs))), {
      waitMs: options.waitMs ?? waitMs,
      signal: options.signal,
    })
  }

  #entryOf(query: CredentialQuery): Entry {
    const { entries, random, clock, sweeper, isShortLived } = this.#parts
    if (this.#isClosed) throw new TypeError('This Keywell was closed. Make a new one.')
    const known = entries.find(identityOf(query))
    if (known !== undefined) return known
    const parsed = parseInput(readCredentialSchema, query, 'getCredential')
    const { provider, tenantId, connectionName, host } = parsed
    const userId = parsed.userId ?? tenantOwned
    const identity: Identity = { provider, tenantId, userId, connectionName, host }
    const entry = new Entry(identity, random(), clock.now())
    entries.add(entry)
    if (!isShortLived) sweeper.start()
    return entry
  }
}
