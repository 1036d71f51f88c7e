import {
  type Change,
  type ChangeLogPage,
  type ConnectionChange,
  formatPosition,
  heartbeatMs,
  isAfter,
  KeywellError,
  parsePosition,
} from '@keywell/protocol'
import { type After, after } from '../clock.ts'
import { type Logger, silentLogger } from '../logger.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import type { Database } from '../store/database.ts'
import { createReader } from './reader.ts'
import { createRetention } from './retention.ts'
import { isKept, type StreamRequest, streamChanges } from './stream.ts'

/** Tells what has changed, to any number of subscribers, in the order of the change log. */
export interface ChangeFeed {
  /** Begins to read the log, at its end. @throws DatabaseUnavailable when there is nobody to ask */
  start(): Promise<void>
  /**
   * A stream of `text/event-stream`, as text, until the signal aborts. It opens with `hello`, then tells what came after `lastEventId`,
   * then what comes. A position that is unknown, no position at all, or older than what is kept gets
   * `flush`, and goes on from now.
   *
   * A heartbeat every 5 s says that everything up to then has been told. While the database is away,
   * or a change is held back, the stream stays open and is silent; nothing is missed.
   */
  stream(options: StreamRequest & { signal: AbortSignal }): AsyncGenerator<string, void>
  /**
   * What came after a position, from what this process has read of the log, and how old that is. A
   * position that is unknown or older than what is kept is answered with `missed`; none, with the end.
   *
   * @throws KeywellError `unavailable` while the log cannot be read
   */
  page(after: string | undefined): Promise<ChangeLogPage>
  /** Streams that somebody reads. */
  readonly streams: number
  /** Hears of every change, as a hint; answers how to stop. */
  onChange(heard: (change: Change) => void): () => void
  /** Ends all streams. */
  stop(): Promise<void>
}

/** How long a page waits for what another replica has read already, in milliseconds. */
const catchUpMs = 2_000
/** When to ask again, in milliseconds. */
const retryAfterMs = 5_000

/** For how long a subscriber that was away can go on where it was. */
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
export function createChangeFeed(options: {
  database: Database
  logger?: Logger
  metrics?: Pick<Metrics, 'changesDelivered'>
  after?: After
  /** Milliseconds between looks at the database when it gives no hint. Default 1,000. */
  pollMs?: number
  /** Milliseconds for which a position is good. Default 24 hours. */
  retentionMs?: number
  /** Milliseconds of a clock that never goes back. */
  monotonic?: () => number
  /** Milliseconds since 1970. Default `Date.now`. */
  wall?: () => number
  /** Called with each change after it was read and before anybody is told. */
  beforeTelling?: (change: ConnectionChange) => void | Promise<void>
}): ChangeFeed {
  const { database, logger = silentLogger, metrics = silentMetrics, pollMs = 1_000 } = options
  const { monotonic: now = () => performance.now(), wall = Date.now } = options
  const { beforeTelling = () => {} } = options
  const retentionMs = options.retentionMs ?? defaultRetentionMs
  const parts = { database, logger, after: options.after ?? after }
  const listeners = new Set<(change: Change) => void>()
  const open = { streams: 0 }
  const retention = createRetention({ ...parts, retentionMs })
  const reader = createReader({
    ...parts,
    pollMs,
    heartbeatMs,
    now,
    wall,
    beforeTelling,
    heard(change) {
      for (const heard of listeners) {
        try {
          heard(change)
        } catch (error) {
          logger.error({ reason: String(error) }, 'a listener for changes threw')
        }
      }
    },
  })

  return {
    async start() {
      await reader.start()
      retention.start()
    },
    stream({ signal, ...request }) {
      return streamChanges({ reader, logger, metrics, retentionMs, open }, request, signal)
    },
    async page(after) {
      const asked = after === undefined ? undefined : parsePosition(after)
      // Another replica may have read further than this one has so far.
      if (asked !== undefined && isAfter(asked, reader.position)) {
        const over = AbortSignal.timeout(catchUpMs)
        await reader.catchUp(over)
        if (over.aborted) throw unreadable()
      }
      if (reader.isAway) throw unreadable()
      // In this order: what is read in between makes the answer newer than it says, never older.
      const { currentAt, position } = reader
      const goesOn = asked !== undefined && isKept({ reader, retentionMs }, asked)
      const segment = goesOn
        ? (reader.fromMemory(asked) ?? (await reader.fromDatabase(asked)))
        : { entries: [], upTo: position }
      return {
        changes: segment.entries.map(({ change }) => change),
        position: formatPosition(segment.upTo),
        missed: after !== undefined && !goesOn,
        isComplete: !isAfter(position, segment.upTo),
        ageMs: Math.max(now() - currentAt.monotonicMs, wall() - currentAt.wallMs),
      }
    },
    get streams() {
      return open.streams
    },
    onChange(heard) {
      listeners.add(heard)
      return () => listeners.delete(heard)
    },
    async stop() {
      await Promise.all([retention.stop(), reader.stop()])
    },
  }
}

function unreadable(): KeywellError {
  return new KeywellError('unavailable', 'The change log cannot be read.', {
    retryAfterMs,
    nextStep:
      'Try again after retryAfterMs. Until then nothing says that what is held is still right.',
  })
}
