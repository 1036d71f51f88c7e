import { type Flow, finalFlowStatuses } from '@keywell/protocol'
import type { After } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { createSignal, type Signal } from '../signal.ts'
import type { Database } from '../store/database.ts'
import { flowsChannel } from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'

/** How often a flow that somebody watches is looked at, in milliseconds, when nobody hints. */
const pollMs = 1_000

/** Follows flows for the pages that watch them: one look at a flow a second, whoever watches it. */
export interface FlowWatch {
  start(): Promise<void>
  /**
   * The flow, each time that its status is another, and `undefined` at each look that found nothing new.
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

interface Watched {
  session: SessionRow
  flow: Flow
  /** Nothing more will come. */
  isOver: boolean
  checked: Signal
  watchers: number
  /** Grows with each one who comes: what was being read then may be older than what they know. */
  joins: number
  isLooking: boolean
  isHinted: boolean
  cancel: () => void
}

export function createFlowWatch(parts: {
  database: Database
  /** How a flow stands; undefined when it, its session or its tenant is no more. */
  look: (session: SessionRow, flowId: string) => Promise<Flow | undefined>
  logger: Logger
  after: After
}): FlowWatch {
  const { look, logger } = parts
  /** By the id of the flow. */
  const all = new Map<string, Watched>()
  let unlisten = async () => {}

  function hear(flowId: string): void {
    const one = all.get(flowId)
    if (one === undefined) return
    one.isHinted = true
    if (!one.isLooking) schedule(one, 0)
  }

  function schedule(one: Watched, ms: number): void {
    one.cancel()
    if (one.isOver || one.watchers === 0) return
    one.cancel = parts.after(ms, () => {
      one.isHinted = false
      one.isLooking = true
      void lookAt(one).finally(() => {
        one.isLooking = false
        one.checked.notify()
        schedule(one, one.isHinted ? 0 : pollMs)
      })
    })
  }

  /** Never rejects: what could not be read is read again. */
  async function lookAt(one: Watched): Promise<void> {
    const { joins, session } = one
    const { flowId } = one.flow
    try {
      const flow = await look(session, flowId)
      if (flow === undefined) one.isOver = true
      else if (joins === one.joins) one.flow = flow
      one.isOver ||= isFinal(one.flow)
    } catch (error) {
      logger.debug({ flowId, reason: String(error) }, 'a flow that is watched could not be read')
    }
  }

  function join(session: SessionRow, flow: Flow): Watched {
    const known = all.get(flow.flowId)
    if (known !== undefined) {
      known.flow = flow
      known.watchers += 1
      known.joins += 1
      return known
    }
    const one: Watched = {
      session,
      flow,
      isOver: isFinal(flow),
      checked: createSignal(),
      watchers: 1,
      joins: 1,
      isLooking: false,
      isHinted: false,
      cancel: () => {},
    }
    all.set(flow.flowId, one)
    schedule(one, pollMs)
    return one
  }

  function leave(one: Watched): void {
    one.watchers -= 1
    if (one.watchers > 0) return
    one.cancel()
    all.delete(one.flow.flowId)
  }

  return {
    async start() {
      unlisten = await parts.database.listen(flowsChannel, hear)
    },

    async *follow(session, flow, signal) {
      const one = join(session, flow)
      let told: Flow['status'] | undefined
      try {
        while (!signal.aborted) {
          if (one.flow.status !== told) {
            told = one.flow.status
            yield one.flow
          } else if (one.isOver) {
            return
          } else {
            await one.checked.next(signal)
            if (one.flow.status === told && !signal.aborted) yield undefined
          }
        }
      } finally {
        leave(one)
      }
    },

    async stop() {
      for (const one of all.values()) {
        one.isOver = true
        one.cancel()
        one.checked.notify()
      }
      await unlisten()
    },
  }
}

function isFinal({ status }: Flow): boolean {
  return finalFlowStatuses.includes(status)
}
