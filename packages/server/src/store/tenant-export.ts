import type { Sql } from './database.ts'
import type { ExportKind } from './tenant-tables.ts'

/** What is kept of a tenant, kind by kind, without a secret: no column that is sealed, no hash. */
const statements: Readonly<Record<ExportKind, string>> = {
  policy: `select tenant_id as cursor,
      jsonb_build_object('policy', policy, 'updatedAt', updated_at) as entry
    from tenant_policies where tenant_id = $1 and $2 = '' limit $3`,
  connection: `select id as cursor, jsonb_build_object('id', id, 'userId', nullif(user_id, ''),
      'provider', provider, 'method', method, 'host', host, 'name', name, 'integrationId', integration_id,
      'status', status, 'reason', reason, 'health', health, 'healthReason', health_reason,
      'healthCheckedAt', health_checked_at, 'account', account,
      'accountCheckedAt', account_checked_at, 'askedScopes', asked_scopes,
      'grantedScopes', granted_scopes, 'installation', installation, 'renewable', renewable, 'endsAt', ends_at,
      'generation', generation, 'createdAt', created_at,
      'updatedAt', updated_at) as entry
    from connections where tenant_id = $1 and id > $2 order by id limit $3`,
  credential: `select connection_id as cursor, jsonb_build_object('connectionId', connection_id,
      'type', type, 'generation', generation, 'issuedAt', issued_at, 'expiresAt', expires_at,
      'grantedAt', granted_at, 'refreshExpiresAt', refresh_expires_at) as entry
    from credentials where tenant_id = $1 and connection_id > $2 order by connection_id limit $3`,
  revocation: `select connection_id || ' ' || attempt_id as cursor,
      jsonb_build_object('connectionId', connection_id, 'userId', nullif(user_id, ''), 'provider', provider,
      'method', method, 'host', host, 'type', type, 'state', state, 'attempts', attempts,
      'createdAt', created_at) as entry
    from revocations where tenant_id = $1 and connection_id || ' ' || attempt_id > $2
    order by 1 limit $3`,
  integration: `select id as cursor, jsonb_build_object('id', id, 'provider', provider, 'method', method,
      'host', host, 'variables', variables, 'clientId', client_id, 'scopes', scopes, 'suspendedReason', suspended_reason,
      'disabledAt', disabled_at, 'createdAt', created_at, 'updatedAt', updated_at) as entry
    from integrations where tenant_id = $1 and id > $2 order by id limit $3`,
  provider: `select name || ' ' || lpad(version::text, 10, '0') as cursor, jsonb_build_object('name', name,
      'version', version, 'digest', digest, 'definition', definition::jsonb, 'inForce', in_force,
      'createdAt', created_at) as entry
    from provider_versions
    where tenant_id = $1 and name || ' ' || lpad(version::text, 10, '0') > $2 order by 1 limit $3`,
  webhook: `select id as cursor, jsonb_build_object('id', id, 'url', url, 'events', events,
      'disabledReason', disabled_reason, 'createdAt', created_at, 'updatedAt', updated_at) as entry
    from webhook_endpoints where tenant_id = $1 and id > $2 order by id limit $3`,
  approval: `select id as cursor, jsonb_build_object('id', id, 'userId', nullif(user_id, ''),
      'connectionId', connection_id, 'tool', tool, 'state', state, 'agent', agent, 'requestedAt', requested_at,
      'endsAt', ends_at, 'decidedAt', decided_at, 'decidedBy', decided_by) as entry
    from approvals where tenant_id = $1 and id > $2 order by id limit $3`,
  delivery: `select id || ' ' || endpoint_id as cursor, jsonb_build_object('id', id,
      'webhookId', endpoint_id, 'type', type, 'connectionId', connection_id, 'data', data,
      'state', state, 'attempts', attempts, 'createdAt', created_at, 'endedAt', ended_at) as entry
    from webhook_deliveries where tenant_id = $1 and id || ' ' || endpoint_id > $2
    order by 1 limit $3`,
  session: `select id as cursor, jsonb_build_object('id', id, 'userId', user_id, 'policy', policy,
      'createdAt', created_at, 'expiresAt', expires_at) as entry
    from connect_sessions where tenant_id = $1 and id > $2 order by id limit $3`,
  flow: `select id as cursor, jsonb_build_object('id', id, 'sessionId', session_id, 'userId', user_id,
      'provider', provider, 'host', host, 'connectionName', connection_name,
      'connectionId', connection_id, 'scopes', scopes, 'method', method, 'status', status,
      'error', error, 'createdAt', created_at, 'updatedAt', updated_at) as entry
    from flows where tenant_id = $1 and id > $2 order by id limit $3`,
  change: `select lpad(seq::text, 20, '0') as cursor, jsonb_build_object('kind', kind,
      'connectionId', connection_id, 'userId', nullif(user_id, ''), 'provider', provider, 'host', host,
      'name', name, 'generation', generation, 'at', at) as entry
    from changes where tenant_id = $1 and seq > ('0' || $2)::bigint order by seq limit $3`,
  // In the order of the chain, and then what waits for it. `call` may have texts of others that no jsonb can hold.
  audit: `select cursor, json_build_object('id', id, 'at', at, 'actor', actor, 'action', action,
      'userId', user_id, 'connectionId', connection_id, 'generation', generation, 'result', result,
      'reason', reason, 'requestId', request_id, 'call', call) as entry
    from (
      (select lpad(position::text, 20, '0') as cursor, id, at, actor, action, user_id, connection_id,
         generation, result, reason, request_id, call
       from audit_chain where tenant_id = $1
         and position > case when $2 like 't%' then 9223372036854775807 else ('0' || $2)::bigint end
       order by position limit $3)
      union all
      (select 't' || lpad(seq::text, 20, '0'), id, at, actor, action, user_id, connection_id,
         generation, result, reason, request_id, call
       from audit_tail where tenant_id = $1 and 't' || lpad(seq::text, 20, '0') > $2
       order by seq limit $3)
    ) as audit
    order by cursor limit $3`,
}

// Object.keys forgets the literal types; the table above is the proof.
export const exportKinds = Object.keys(statements) as ExportKind[]

export interface ExportRow {
  /** Where the next page begins. */
  cursor: string
  entry: object
}

/** A page of one kind, in order. `after`: the cursor of the last row before it, or nothing. */
export async function listForExport(
  sql: Sql,
  page: { kind: ExportKind; tenantId: string; after: string; limit: number },
): Promise<ExportRow[]> {
  return sql.query<ExportRow>(statements[page.kind], [page.tenantId, page.after, page.limit])
}
