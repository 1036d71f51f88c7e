import { type Flow, finalFlowStatuses } from '@keywell/protocol'
import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal } from '../signal.ts'
import type { Database } from '../store/database.ts'
import { flowsChannel } from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'

/** How often a watched flow is read when there is no notification, in milliseconds. */
const pollMs = 1_000

/** Follows flows for the pages that watch them: one read per flow and second, for any number of pages. */
export interface FlowWatch {
  start(): Promise<void>
  /**
   * Yields the flow each time that its status changes, and `undefined` after each read without a change.
   * It ends with the flow, with its session or tenant, or with the signal.
   *
   * @param flow as it was read just now
   */
  follow(
    session: SessionRow,
    flow: Flow,
    signal: AbortSignal,
  ): AsyncGenerator<Flow | undefined, void>
  stop(): Promise<void>
}

/** Reads a flow; undefined when the flow, its session or its tenant is gone. */
type Look = (session: SessionRow, flowId: string) => Promise<Flow | undefined>

interface FlowWatchParts {
  database: Database
  look: Look
  logger: Logger
  after: After
}

export function createFlowWatch(parts: FlowWatchParts): FlowWatch {
  /** By the id of the flow. */
  const watched = new Map<string, WatchedFlow>()
  let unlisten = async () => {}

  function join(session: SessionRow, flow: Flow): WatchedFlow {
    const known = watched.get(flow.flowId)
    if (known !== undefined) {
      known.join(flow)
      return known
    }
    const added = new WatchedFlow(parts, session, flow)
    watched.set(flow.flowId, added)
    return added
  }

  return {
    async start() {
      unlisten = await parts.database.listen(flowsChannel, (flowId) => watched.get(flowId)?.wake())
    },
    async *follow(session, flow, signal) {
      const one = join(session, flow)
      try {
        yield* one.changes(signal)
      } finally {
        if (one.leave()) watched.delete(flow.flowId)
      }
    },
    async stop() {
      for (const one of watched.values()) one.end()
      await unlisten()
    },
  }
}

/** A flow that at least one page watches. */
class WatchedFlow {
  readonly #parts: Omit<FlowWatchParts, 'database'>
  readonly #session: SessionRow
  readonly #checked = createSignal()
  #flow: Flow
  /** No change can follow. */
  #isOver: boolean
  #watchers = 1
  /** The number of pages that joined. A read that began before the last of them may be older than its flow. */
  #joins = 1
  #isReading = false
  #isWoken = false
  #cancel = () => {}

  constructor(parts: Omit<FlowWatchParts, 'database'>, session: SessionRow, flow: Flow) {
    this.#parts = parts
    this.#session = session
    this.#flow = flow
    this.#isOver = isFinal(flow)
    this.#schedule(pollMs)
  }

  join(flow: Flow): void {
    this.#flow = flow
    this.#watchers += 1
    this.#joins += 1
  }

  /** Returns whether this was the last page. */
  leave(): boolean {
    this.#watchers -= 1
    if (this.#watchers > 0) return false
    this.#cancel()
    return true
  }

  /** Reads the flow soon: it may have changed. */
  wake(): void {
    this.#isWoken = true
    if (!this.#isReading) this.#schedule(0)
  }

  end(): void {
    this.#isOver = true
    this.#cancel()
    this.#checked.notify()
  }

  async *changes(signal: AbortSignal): AsyncGenerator<Flow | undefined, void> {
    let sent: Flow['status'] | undefined
    while (!signal.aborted) {
      if (this.#flow.status !== sent) {
        sent = this.#flow.status
        yield this.#flow
      } else if (this.#isOver) {
        return
      } else {
        await this.#checked.next(signal)
        if (this.#flow.status === sent && !signal.aborted) yield undefined
      }
    }
  }

  #schedule(ms: number): void {
    this.#cancel()
    if (this.#isOver || this.#watchers === 0) return
    this.#cancel = this.#parts.after(ms, () => {
      this.#isWoken = false
      this.#isReading = true
      void this.#read().finally(() => {
        this.#isReading = false
        this.#checked.notify()
        this.#schedule(this.#isWoken ? 0 : pollMs)
      })
    })
  }

  /** Never rejects: after a failure the flow is read again. */
  async #read(): Promise<void> {
    const joins = this.#joins
    const { look, logger } = this.#parts
    const { flowId } = this.#flow
    try {
      const flow = await look(this.#session, flowId)
      if (flow === undefined) this.#isOver = true
      else if (joins === this.#joins) this.#flow = flow
      this.#isOver ||= isFinal(this.#flow)
    } catch (error) {
      logger.debug({ flowId, reason: String(error) }, 'flow watch failed')
    }
  }
}

function isFinal({ status }: Flow): boolean {
  return finalFlowStatuses.includes(status)
}
