import type { Audit } from '../../audit/audit.ts'
import type { After } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type Metrics, silentMetrics } from '../../metrics/metrics.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Database } from '../../store/database.ts'
import { everyTenant } from '../../store/scope.ts'
import {
  type ClaimedDelivery,
  claimDeliveries,
  deleteDeliveries,
  deleteDeliveriesOfErased,
  deleteOldDeliveries,
  endDeliveries,
  settleDelivery,
} from '../../store/webhook-deliveries.ts'
import {
  findWebhookEndpoint,
  setWebhookEndpointState,
  type WebhookEndpointRow,
} from '../../store/webhook-endpoints.ts'
import { type Attempt, pauseAfter, sendMessage } from './attempt.ts'
import type { SigningSecrets } from './signing-secrets.ts'

/** Longer than an attempt and its commit together: a delivery whose process died comes again then. */
const leaseMs = 60_000
/** How often the outbox is looked at when nothing hints. */
const pollMs = 2_000
/** Endpoints that a process calls at once, and calls to one of them: who is slow delays itself alone. */
const maxEndpoints = 64
const callsPerEndpoint = 8

const deliveredForMs = 7 * 24 * 3_600_000
const deadForMs = 30 * 24 * 3_600_000
const trimPage = 5_000

/** Sends what is due in the outbox. Any number of replicas may do so at once. */
export interface WebhookWorker {
  start(): void
  /** There may be something to send. */
  wake(): void
  /** Deletes a page of deliveries that ended long ago, or whose tenant was erased. */
  trim(): Promise<void>
  /** Claims nothing more, and waits for the calls under way. */
  stop(): Promise<void>
}

export function createWebhookWorker(parts: {
  database: Database
  secrets: SigningSecrets
  outbound: Outbound
  audit: Audit
  logger: Logger
  after: After
  random: () => number
  metrics?: Pick<Metrics, 'webhookTried'>
}): WebhookWorker {
  const { database, logger, metrics = silentMetrics } = parts
  /** By the endpoint's id. */
  const calls = new Map<string, Promise<void>>()
  let claiming = Promise.resolve()
  let isClaiming = false
  let wanted = false
  let running = false
  let cancelPoll = () => {}

  function wake(): void {
    wanted = true
    if (!running || isClaiming) return
    isClaiming = true
    claiming = claimWhileWanted()
  }

  async function claimWhileWanted(): Promise<void> {
    try {
      while (wanted && running) {
        wanted = false
        await claimAll()
      }
    } catch (error) {
      logger.warn({ reason: String(error) }, 'due webhooks could not be claimed; tried again soon')
    } finally {
      // In the same turn as the last look at `wanted`, so that no call is missed in between.
      isClaiming = false
    }
  }

  async function claimAll(): Promise<void> {
    while (running && calls.size < maxEndpoints) {
      const batch = await claimDeliveries(database.of(everyTenant), {
        busy: [...calls.keys()],
        limit: callsPerEndpoint,
        leaseMs,
      })
      const [first] = batch
      if (first === undefined) return
      calls.set(first.endpointId, serve(first, batch))
    }
  }

  /** The deliveries of one endpoint; what fails on our side comes again when the lease ends. */
  async function serve(first: ClaimedDelivery, batch: readonly ClaimedDelivery[]): Promise<void> {
    const { endpointOwner, endpointId } = first
    try {
      const endpoint = await findWebhookEndpoint(
        database.of(endpointOwner),
        endpointOwner,
        endpointId,
      )
      if (endpoint === undefined) {
        await deleteDeliveries(database.of(endpointOwner), first)
      } else if (endpoint.disabledReason !== null) {
        await endDeliveries(database.of(endpointOwner), { ...first, error: 'endpoint_disabled' })
      } else {
        const secrets = await openSecrets(endpoint)
        await Promise.all(batch.map((delivery) => deliver(endpoint, secrets, delivery)))
      }
    } catch (error) {
      logger.warn({ endpointId, reason: String(error) }, 'a webhook could not be handled')
    } finally {
      calls.delete(endpointId)
      wake()
    }
  }

  async function openSecrets(endpoint: WebhookEndpointRow): Promise<Uint8Array[] | undefined> {
    try {
      return await parts.secrets.open(endpoint)
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown'
      logger.error({ endpointId: endpoint.id, reason }, 'the secret of a webhook cannot be opened')
      return undefined
    }
  }

  async function deliver(
    endpoint: WebhookEndpointRow,
    secrets: Uint8Array[] | undefined,
    delivery: ClaimedDelivery,
  ): Promise<void> {
    const attempt =
      secrets === undefined
        ? { status: null, error: 'secret_unreadable', heldForMs: 0 }
        : await sendMessage(parts.outbound, { url: endpoint.url, secrets, delivery })
    const pauseMs =
      attempt.error === 'gone' ? undefined : pauseAfter(delivery.attempts, parts.random)
    const state = attempt.error === null ? 'delivered' : pauseMs === undefined ? 'dead' : 'due'
    const retryInMs = Math.max(pauseMs ?? 0, attempt.heldForMs)
    await settleDelivery(database.of(delivery.tenantId), {
      ...delivery,
      ...attempt,
      state,
      retryInMs,
    })
    metrics.webhookTried(state === 'due' ? 'retried' : state)
    if (attempt.error !== null) logger.warn(noteOf(delivery, attempt), 'a webhook failed')
    if (attempt.error === 'gone') await disable(endpoint)
  }

  /** 410: its owner does not want it any more. */
  async function disable({ tenantId, id }: WebhookEndpointRow): Promise<void> {
    await database.transaction(tenantId, async (sql) => {
      const disabled = await setWebhookEndpointState(sql, { tenantId, id, disabledReason: 'gone' })
      if (disabled === undefined) return
      const ref = { endpointOwner: tenantId, endpointId: id }
      await endDeliveries(sql, { ...ref, error: 'endpoint_disabled' })
      await parts.audit.write(sql, {
        tenantId,
        actor: 'service',
        action: 'webhook.disable',
        result: 'ok',
        reason: id,
      })
    })
  }

  function poll(): void {
    cancelPoll = parts.after(pollMs, () => {
      wake()
      poll()
    })
  }

  return {
    start() {
      running = true
      wake()
      poll()
    },
    wake,
    async trim() {
      await deleteOldDeliveries(database.of(everyTenant), {
        deliveredForMs,
        deadForMs,
        limit: trimPage,
      })
      await deleteDeliveriesOfErased(database.of(everyTenant), trimPage)
    },
    async stop() {
      running = false
      cancelPoll()
      await claiming
      await Promise.all(calls.values())
    },
  }
}

/** Neither the URL, which may hold a secret of its owner, nor the body. */
function noteOf({ id, endpointId, attempts }: ClaimedDelivery, attempt: Attempt): object {
  return { id, endpointId, attempts, ...attempt }
}
