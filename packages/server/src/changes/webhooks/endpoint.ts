import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../../audit/actor.ts'
import type { Audit, AuditAction } from '../../audit/audit.ts'
import type { MakeId } from '../../ids.ts'
import type { Outbound } from '../../outbound/outbound.ts'
import type { Database, Sql } from '../../store/database.ts'
import { installation } from '../../store/scope.ts'
import type { EndpointRef } from '../../store/webhook-deliveries.ts'
import { findWebhookEndpoint, type WebhookEndpointRow } from '../../store/webhook-endpoints.ts'
import type { SigningSecrets } from './signing-secrets.ts'

/** Names an endpoint; `tenantId` null: it belongs to the installation. */
export interface EndpointKey {
  tenantId: string | null
  id: string
}

export interface WebhookParts {
  database: Database
  secrets: SigningSecrets
  outbound: Outbound
  audit: Audit
  makeId: MakeId
  /** Called when a delivery was made due. */
  wake: () => void
}

export function ownerOf({ tenantId }: Pick<EndpointKey, 'tenantId'>): string {
  return tenantId ?? installation
}

/** @throws KeywellError `not_found` */
export async function findEndpoint(
  { database }: WebhookParts,
  key: EndpointKey,
): Promise<WebhookEndpointRow> {
  const owner = ownerOf(key)
  const row = await findWebhookEndpoint(database.of(owner), owner, key.id)
  return row ?? endpointNotFound(key.id)
}

/** @throws KeywellError `not_found`; `conflict` when the endpoint is disabled */
export async function findEnabledEndpoint(parts: WebhookParts, key: EndpointKey): Promise<void> {
  const { id, disabledReason } = await findEndpoint(parts, key)
  if (disabledReason === null) return
  throw new KeywellError('conflict', `Webhook ${id} is disabled.`, {
    nextStep: 'Enable it first: PATCH /v1/webhooks/:webhookId {"enabled":true}.',
  })
}

/** Changes an endpoint or its deliveries, and writes the audit entry in the same transaction. */
export async function audited<Result>(
  { database, audit }: WebhookParts,
  { key, action, actor }: { key: EndpointKey; action: AuditAction; actor: Actor },
  work: (sql: Sql, ref: EndpointRef) => Promise<Result>,
): Promise<Result> {
  const tenantId = ownerOf(key)
  return database.transaction(tenantId, async (sql) => {
    const result = await work(sql, { endpointOwner: tenantId, endpointId: key.id })
    await audit.write(sql, { ...actor, tenantId, action, result: 'ok', reason: key.id })
    return result
  })
}

export function endpointNotFound(id: string): never {
  throw new KeywellError('not_found', `There is no webhook ${id}.`)
}
