/** Clients that wait to hear that their list of tools has changed. */
import { hash } from 'node:crypto'
import { type Change, KeywellError } from '@keywell/protocol'
import type { McpTool } from '@keywell/tools/mcp'
import type { ServerEventBus } from '@modelcontextprotocol/server'
import type { ChangeFeed } from '../changes/feed.ts'
import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { installation } from '../store/scope.ts'
import type { McpGrant, McpTokens } from './tokens.ts'

/** How often the token of an open subscription is looked up, in milliseconds. */
const recheckMs = 5_000
/** A change waits this long for others, in milliseconds. */
const changedMs = 50

export interface ToolSubscriptions {
  /** @throws KeywellError `rate_limited`, or `unavailable`, when too many are open */
  open(subscriber: Subscriber): Promise<ToolSubscription>
  /** Ends all that are open. */
  close(): void
}

interface Subscriber {
  readonly grant: McpGrant
  /** What the client would be shown now. */
  list(): Promise<readonly McpTool[]>
}

export interface ToolSubscription {
  readonly events: ServerEventBus
  /** Whether a stream takes the events. */
  readonly isHeard: boolean
  /** Called once, when the token has ended or the service stops. */
  onEnd(listener: () => void): void
  end(): void
}

interface Parts {
  readonly feed: Pick<ChangeFeed, 'onChange'>
  readonly tokens: Pick<McpTokens, 'requireCurrent'>
  /** A place for a stream of a token. @throws KeywellError where there is none */
  readonly takePlace: (tokenId: string) => () => void
  readonly after: After
  readonly logger: Logger
}

export function createToolSubscriptions(parts: Parts): ToolSubscriptions {
  const open = new Set<Subscription>()
  return {
    async open(subscriber) {
      const leave = parts.takePlace(subscriber.grant.tokenId)
      try {
        // Before the client hears that it is subscribed: what changes from then on differs from this.
        const known = fingerprintOf(await subscriber.list())
        const subscription = new Subscription(parts, subscriber, known)
        open.add(subscription)
        subscription.onEnd(() => {
          open.delete(subscription)
          leave()
        })
        return subscription
      } catch (error) {
        leave()
        throw error
      }
    },
    close() {
      for (const subscription of [...open]) subscription.end()
    },
  }
}

/**
 * One client's. A change of the owner's connections or of the tenant has the list read again, and only another list is
 * told. The token is looked up before each of these, and at intervals.
 */
class Subscription implements ToolSubscription {
  readonly events: ServerEventBus
  readonly #parts: Parts
  readonly #subscriber: Subscriber
  readonly #onEnd: (() => void)[] = []
  #known: string
  #isStale = false
  #isChecking = false
  #hasEnded = false
  #announce: (() => void) | undefined
  #cancel = () => {}
  #ignore = () => {}

  constructor(parts: Parts, subscriber: Subscriber, known: string) {
    this.#parts = parts
    this.#subscriber = subscriber
    this.#known = known
    this.events = { publish: () => {}, subscribe: (listener) => this.#hear(listener) }
    this.#ignore = parts.feed.onChange((change) => this.#changed(change))
    this.#schedule(recheckMs)
  }

  get isHeard(): boolean {
    return this.#announce !== undefined
  }

  onEnd(listener: () => void): void {
    this.#onEnd.push(listener)
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#announce = undefined
    this.#cancel()
    this.#ignore()
    for (const listener of this.#onEnd) listener()
  }

  #hear(listener: Parameters<ServerEventBus['subscribe']>[0]): () => void {
    this.#announce = () => listener({ kind: 'tools_list_changed' })
    return () => this.end()
  }

  #changed(change: Change): void {
    if (!concerns(change, this.#subscriber.grant)) return
    this.#isStale = true
    if (!this.#isChecking) this.#schedule(changedMs)
  }

  #schedule(ms: number): void {
    this.#cancel()
    if (this.#hasEnded) return
    this.#cancel = this.#parts.after(ms, () => {
      this.#isChecking = true
      void this.#check().then((pauseMs) => {
        this.#isChecking = false
        this.#schedule(pauseMs)
      })
    })
  }

  /** Returns the pause before the next one. Never rejects: what could not be read is read again. */
  async #check(): Promise<number> {
    const { tokens, logger } = this.#parts
    const { grant } = this.#subscriber
    const wasStale = this.#isStale
    this.#isStale = false
    try {
      await tokens.requireCurrent(grant)
      if (wasStale) await this.#compare()
      return this.#isStale ? changedMs : recheckMs
    } catch (error) {
      this.#isStale ||= wasStale
      if (error instanceof KeywellError && error.code === 'unauthorized') this.end()
      else logger.warn({ reason: String(error) }, 'subscription check failed')
      return recheckMs
    }
  }

  async #compare(): Promise<void> {
    const now = fingerprintOf(await this.#subscriber.list())
    if (now === this.#known) return
    this.#known = now
    this.#announce?.()
  }
}

/** The tenant's policy and providers, and what happens to the owner's own connections. */
function concerns(change: Change, { tenantId, userId, provider }: McpGrant): boolean {
  if (!('connectionId' in change)) return [tenantId, installation].includes(change.tenantId)
  return change.tenantId === tenantId && change.userId === userId && change.provider === provider
}

function fingerprintOf(tools: readonly McpTool[]): string {
  return hash('sha256', JSON.stringify(tools), 'base64')
}
