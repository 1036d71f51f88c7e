import { type Change, heartbeatMs } from '@keywell/protocol'
import { type Logger, silentLogger } from '../logger.ts'
import { type Metrics, silentMetrics } from '../metrics/metrics.ts'
import type { Database } from '../store/database.ts'
import { type After, after } from '../timers.ts'
import { createReader } from './reader.ts'
import { createRetention } from './retention.ts'
import { createSignedEvents } from './signed-events.ts'
import type { ChangeSigner } from './signer.ts'
import { type StreamRequest, tell } from './stream.ts'

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
  /** Streams that somebody reads. */
  readonly streams: number
  /** Hears of every change, as a hint; answers how to stop. */
  onChange(heard: (change: Change) => void): () => void
  /** Ends all streams. */
  stop(): Promise<void>
}

/** For how long a subscriber that was away can go on where it was. */
const defaultRetentionMs = 24 * 3_600_000

/**
 * Creates the feed; one for a process, however many subscribers it has.
 *
 * ```ts
 * const feed = createChangeFeed({ database, signer })
 * await feed.start()
 * for await (const text of feed.stream({ lastEventId, signal: request.signal })) response.write(text)
 * ```
 */
export function createChangeFeed(options: {
  database: Database
  signer: Pick<ChangeSigner, 'sign'>
  logger?: Logger
  metrics?: Pick<Metrics, 'changesTold'>
  after?: After
  /** Milliseconds between looks at the database when it gives no hint. Default 1,000. */
  pollMs?: number
  /** Milliseconds for which a position is good. Default 24 hours. */
  retentionMs?: number
}): ChangeFeed {
  const { database, logger = silentLogger, metrics = silentMetrics, pollMs = 1_000 } = options
  const retentionMs = options.retentionMs ?? defaultRetentionMs
  const parts = { database, logger, after: options.after ?? after }
  const events = createSignedEvents(options.signer.sign)
  const listeners = new Set<(change: Change) => void>()
  const open = { streams: 0 }
  const retention = createRetention({ ...parts, retentionMs })
  const reader = createReader({
    ...parts,
    pollMs,
    heartbeatMs,
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
      return tell({ reader, events, logger, metrics, retentionMs, open }, request, signal)
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
