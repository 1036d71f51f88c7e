import {
  type Change,
  type ChangeLogPage,
  type ConnectionChange,
  heartbeatMs,
} from '@keywell/protocol'
import { type After, after as defaultAfter } from '../clock.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import type { Database } from '../store/database.ts'
import { readPage } from './page.ts'
import { ChangeReader } from './reader.ts'
import { createRetention } from './retention.ts'
import { type StreamRequest, streamChanges } from './stream.ts'

/** Sends changes to any number of subscribers, in the order of the change log. */
export interface ChangeFeed {
  /** Begins to read the log, at its end. @throws DatabaseUnavailable when the database cannot be reached */
  start(): Promise<void>
  /**
   * A stream of `text/event-stream`, as text, until the signal aborts. It opens with `hello`, sends the changes
   * after `lastEventId`, and then new ones. A position that is unknown or older than what is kept gets
   * `flush`, and the stream continues from now.
   *
   * A heartbeat every 5 s means that all changes up to its position have been sent. While the database is
   * unavailable, or a change is held back, the stream stays open and is silent; no change is missed.
   */
  stream(options: StreamRequest & { signal: AbortSignal }): AsyncGenerator<string, void>
  /**
   * The changes after a position, as far as this process has read the log, and the age of that state. A
   * position that is unknown or older than what is kept gets `missed`; without a position the page is empty.
   *
   * @throws KeywellError `unavailable` while the log cannot be read
   */
  page(after: string | undefined): Promise<ChangeLogPage>
  /** The number of open streams. */
  readonly streams: number
  /** Calls the listener with every change, as a wake-up. Returns a function that removes the listener. */
  onChange(listener: ChangeListener): () => void
  /** Ends all streams. */
  stop(): Promise<void>
}

export interface ChangeFeedOptions {
  database: Database
  logger?: Logger
  metrics?: Pick<Metrics, 'changesDelivered'>
  after?: After
  /** Milliseconds between polls of the database without a wake-up. Default: 1,000. */
  pollMs?: number
  /** Milliseconds for which a subscriber can resume after a position. Default: 24 hours. */
  retentionMs?: number
  /** Milliseconds of a clock that never goes back. */
  monotonic?: () => number
  /** Milliseconds since 1970. Default: `Date.now`. */
  wall?: () => number
  /** Called with each change after it was read and before any stream sends it. */
  beforePush?: (change: ConnectionChange) => void | Promise<void>
}

type ChangeListener = (change: Change) => void

const defaultRetentionMs = 24 * 3_600_000

/**
 * Creates the feed; one for a process, however many subscribers it has.
 *
 * ```ts
 * const feed = createChangeFeed({ database })
 * await feed.start()
 * for await (const text of feed.stream({ lastEventId, signal: request.signal })) response.write(text)
 * ```
 */
export function createChangeFeed(options: ChangeFeedOptions): ChangeFeed {
  const { database, logger = silentLogger, metrics = silentMetrics, pollMs = 1_000 } = options
  const { monotonic: now = () => performance.now(), wall = Date.now } = options
  const { after = defaultAfter, beforePush = () => {} } = options
  const { retentionMs = defaultRetentionMs } = options
  const listeners = new Set<ChangeListener>()
  const onChange = (change: Change) => callListeners(listeners, change, logger)
  const retention = createRetention({ database, logger, after, retentionMs })
  const reader = new ChangeReader({
    database,
    logger,
    after,
    pollMs,
    heartbeatMs,
    now,
    wall,
    beforePush,
    onChange,
  })
  const open = { streams: 0 }
  const streamParts = { reader, logger, metrics, retentionMs, open }
  const pageParts = { reader, retentionMs, now, wall }

  return {
    async start() {
      await reader.start()
      retention.start()
    },
    stream: ({ lastEventId, signal }) => streamChanges(streamParts, { lastEventId }, signal),
    page: (position) => readPage(pageParts, position),
    get streams() {
      return open.streams
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async stop() {
      await Promise.all([retention.stop(), reader.stop()])
    },
  }
}

function callListeners(listeners: Set<ChangeListener>, change: Change, logger: Logger): void {
  for (const listener of listeners) {
    try {
      listener(change)
    } catch (error) {
      logger.error({ reason: String(error) }, 'change listener failed')
    }
  }
}
