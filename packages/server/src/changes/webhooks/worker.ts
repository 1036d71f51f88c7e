import type { After } from '../../clock.ts'
import type { Database } from '../../store/database.ts'
import { everyTenant } from '../../store/scope.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  deleteDeliveriesOfErased,
  deleteOldDeliveries,
} from '../../store/webhook-deliveries.ts'
import { type DeliveryParts, deliverBatch } from './deliver.ts'

/** Longer than an attempt and its commit together: after a crash the delivery becomes due again then. */
const leaseMs = 60_000
/** How often the outbox is polled without a wake-up. */
const pollMs = 2_000
/** Endpoints that a process calls at once, and calls to one of them: a slow receiver delays only itself. */
const maxEndpoints = 64
const callsPerEndpoint = 8

const deliveredForMs = 7 * 24 * 3_600_000
const deadForMs = 30 * 24 * 3_600_000
const trimPage = 5_000

/** Sends what is due in the outbox. Any number of replicas may do so at once. */
export interface WebhookWorker {
  start(): void
  /** Claims soon: there may be something to send. */
  wake(): void
  /** Deletes a page of deliveries that ended long ago, or whose tenant was erased. */
  trim(): Promise<void>
  /** Claims nothing more, and waits for the calls under way. */
  stop(): Promise<void>
}

export function createWebhookWorker(parts: DeliveryParts & { after: After }): WebhookWorker {
  const { database, after } = parts
  const claimer = new Claimer(parts)
  let cancelPoll = () => {}

  function poll(): void {
    cancelPoll = after(pollMs, () => {
      claimer.wake()
      poll()
    })
  }

  return {
    start() {
      claimer.start()
      poll()
    },
    wake: () => claimer.wake(),
    trim: () => trim(database),
    async stop() {
      cancelPoll()
      await claimer.stop()
    },
  }
}

/** Claims due deliveries, a batch for each endpoint that has no batch under way. */
class Claimer {
  readonly #parts: DeliveryParts
  /** The batches under way, by the endpoint's id. */
  readonly #batches = new Map<string, Promise<void>>()
  #claiming = Promise.resolve()
  #isClaiming = false
  #isWanted = false
  #isRunning = false

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  start(): void {
    this.#isRunning = true
    this.wake()
  }

  wake(): void {
    this.#isWanted = true
    if (!this.#isRunning || this.#isClaiming) return
    this.#isClaiming = true
    this.#claiming = this.#claimWhileWanted()
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#claiming
    await Promise.all(this.#batches.values())
  }

  async #claimWhileWanted(): Promise<void> {
    try {
      while (this.#isWanted && this.#isRunning) {
        this.#isWanted = false
        await this.#claimAll()
      }
    } catch (error) {
      const reason = String(error)
      this.#parts.logger.warn({ reason }, 'webhook claim failed')
    } finally {
      // In the same turn as the last check of `#isWanted`, so that no wake-up between them is lost.
      this.#isClaiming = false
    }
  }

  async #claimAll(): Promise<void> {
    const { database } = this.#parts
    while (this.#isRunning && this.#batches.size < maxEndpoints) {
      const batch = await claimDeliveries(database.of(everyTenant), {
        busy: [...this.#batches.keys()],
        limit: callsPerEndpoint,
        leaseMs,
      })
      const [first] = batch
      if (first === undefined) return
      this.#batches.set(first.endpointId, this.#deliver(first, batch))
    }
  }

  async #deliver(first: ClaimedDelivery, batch: readonly ClaimedDelivery[]): Promise<void> {
    try {
      await deliverBatch(this.#parts, first, batch)
    } finally {
      this.#batches.delete(first.endpointId)
      this.wake()
    }
  }
}

async function trim(database: Database): Promise<void> {
  await deleteOldDeliveries(database.of(everyTenant), {
    deliveredForMs,
    deadForMs,
    limit: trimPage,
  })
  await deleteDeliveriesOfErased(database.of(everyTenant), trimPage)
}
