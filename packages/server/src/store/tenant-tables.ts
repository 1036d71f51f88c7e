/**
 * What becomes of a table's rows when their tenant is erased: the erasure deletes them (`erased`), their own
 * retention does (`later`), or they stay as the proof of the erasure (`kept`). `installation`: the table has no
 * rows of tenants, only of the installation.
 */
type Erasure = 'erased' | 'later' | 'kept' | 'installation'

export interface TenantTable {
  rows: Erasure
  /** Columns with sealed records; a key can be replaced under each (`sealed-records.ts`). */
  sealed?: readonly string[]
  /** The kind of its entries in an export, and the columns that they are made of (`tenant-export.ts`). */
  exportedAs?: string
  exported?: readonly string[]
  /** What is neither secret nor the tenant's: bookkeeping, and codes that prove a row. */
  internal?: readonly string[]
}

/**
 * Each table that has rows of tenants, and each of its columns besides `tenant_id`. A new table
 * or column is sealed, exported or neither, and goes at its time, as this list says: the types of the
 * statements that seal and export follow from this list, and a test compares it with the schema, with an
 * export and with what an erasure leaves. The statements themselves stand as text where they run.
 */
export const tenantTables = {
  flows: {
    rows: 'erased',
    sealed: ['sealed_verifier', 'sealed_code'],
    exportedAs: 'flow',
    exported: [
      'id',
      'session_id',
      'user_id',
      'provider',
      'host',
      'connection_name',
      'connection_id',
      'scopes',
      'method',
      'status',
      'error',
      'created_at',
      'updated_at',
    ],
    internal: [
      'integration_owner',
      'integration_id',
      'client_id',
      'redirect_uri',
      'mode',
      'resume_url',
      'binding_hash',
      'key_version',
      'code_expires_at',
      'refused_codes',
      'key_attempts',
      'code_attempts',
      'grant_id',
      'expires_at',
    ],
  },
  device_polls: {
    rows: 'erased',
    internal: ['flow_id', 'interval_ms', 'due_at', 'expires_at'],
  },
  connect_sessions: {
    rows: 'erased',
    exportedAs: 'session',
    exported: ['id', 'user_id', 'policy', 'created_at', 'expires_at'],
    internal: ['mac', 'pepper_version'],
  },
  idempotent_calls: {
    rows: 'erased',
    internal: [
      'api_key_id',
      'route',
      'key',
      'request_id',
      'request_mac',
      'status',
      'answer',
      'answer_mac',
      'pepper_version',
      'created_at',
    ],
  },
  one_time_codes: {
    rows: 'erased',
    internal: [
      'hash',
      'purpose',
      'owner_id',
      'flow_id',
      'session_id',
      'approval_id',
      'person_id',
      'mac',
      'pepper_version',
      'expires_at',
      'used_at',
    ],
  },
  credentials: {
    rows: 'erased',
    sealed: ['sealed'],
    exportedAs: 'credential',
    exported: [
      'connection_id',
      'type',
      'generation',
      'issued_at',
      'expires_at',
      'granted_at',
      'refresh_expires_at',
    ],
    internal: ['key_version', 'committed_by', 'rotates'],
  },
  orphans: {
    rows: 'erased',
    sealed: ['sealed'],
    internal: ['connection_id', 'attempt_id', 'generation', 'key_version', 'created_at'],
  },
  revocations: {
    rows: 'erased',
    sealed: ['sealed'],
    exportedAs: 'revocation',
    exported: [
      'connection_id',
      'user_id',
      'provider',
      'method',
      'host',
      'type',
      'state',
      'attempts',
      'created_at',
    ],
    internal: [
      'attempt_id',
      'generation',
      'integration_owner',
      'integration_id',
      'account_mac',
      'key_version',
      'due_at',
      'definition_digest',
    ],
  },
  account_uses: {
    rows: 'erased',
    internal: ['owner_id', 'connection_id', 'integration_owner', 'integration_id', 'account_mac'],
  },
  refresh_schedule: {
    rows: 'erased',
    internal: [
      'connection_id',
      'integration_id',
      'host',
      'state',
      'refresh_at',
      'probe_at',
      'due_at',
      'epoch',
      'lease_owner',
      'lease_until',
      'attempt_id',
      'unresolved_since',
      'failures',
      'last_outcome',
      'read_at',
      'used_at',
      'probe_failures',
      'probed_generation',
      'probed_at',
      'connected_generation',
      'answered_at',
      'refused_at',
      'grant_ends_at',
      'ends_soon_at',
      'forced_at',
    ],
  },
  provider_incidents: {
    rows: 'erased',
    internal: [
      'id',
      'provider',
      'host',
      'integration_id',
      'began_at',
      'refusing_since',
      'refusals',
      'asked_at',
      'confirmed_at',
    ],
  },
  integrations: {
    rows: 'erased',
    sealed: ['sealed'],
    exportedAs: 'integration',
    exported: [
      'id',
      'provider',
      'method',
      'host',
      'variables',
      'client_id',
      'scopes',
      'suspended_reason',
      'disabled_at',
      'created_at',
      'updated_at',
    ],
    internal: [
      'revision',
      'version',
      'key_version',
      'suspended_at',
      'canary_at',
      'request_rejections',
      'validated_at',
      'definition_digest',
    ],
  },
  webhook_endpoints: {
    rows: 'erased',
    sealed: ['sealed', 'previous_sealed'],
    exportedAs: 'webhook',
    exported: ['id', 'url', 'events', 'disabled_reason', 'created_at', 'updated_at'],
    internal: ['secret_version', 'key_version', 'previous_until'],
  },
  mcp_tokens: {
    rows: 'erased',
    internal: ['id', 'api_key_id', 'expires_at'],
  },
  approvals: {
    rows: 'erased',
    sealed: ['sealed'],
    exportedAs: 'approval',
    exported: [
      'id',
      'user_id',
      'connection_id',
      'tool',
      'state',
      'agent',
      'requested_at',
      'ends_at',
      'decided_at',
      'decided_by',
    ],
    internal: ['call_hash', 'key_version', 'expiry_reported'],
  },
  tenant_policies: {
    rows: 'erased',
    exportedAs: 'policy',
    exported: ['policy', 'updated_at'],
  },
  webhook_deliveries: {
    rows: 'erased',
    exportedAs: 'delivery',
    exported: [
      'id',
      'endpoint_id',
      'type',
      'connection_id',
      'data',
      'state',
      'attempts',
      'created_at',
      'ended_at',
    ],
    internal: ['endpoint_owner', 'due_at', 'last_status', 'last_error'],
  },
  connections: {
    rows: 'erased',
    exportedAs: 'connection',
    exported: [
      'id',
      'user_id',
      'provider',
      'method',
      'host',
      'name',
      'integration_id',
      'status',
      'reason',
      'health',
      'health_reason',
      'health_checked_at',
      'account',
      'account_checked_at',
      'asked_scopes',
      'granted_scopes',
      'installation',
      'renewable',
      'ends_at',
      'generation',
      'created_at',
      'updated_at',
    ],
    internal: ['degraded_reported', 'integration_owner', 'definition_digest'],
  },
  provider_versions: {
    rows: 'erased',
    exportedAs: 'provider',
    exported: ['name', 'version', 'digest', 'definition', 'in_force', 'created_at'],
    internal: ['source', 'actor', 'mac', 'pepper_version'],
  },
  changes: {
    rows: 'later',
    exportedAs: 'change',
    exported: ['kind', 'connection_id', 'user_id', 'provider', 'host', 'name', 'generation', 'at'],
    internal: ['seq', 'xid'],
  },
  audit: {
    rows: 'later',
    exportedAs: 'audit',
    exported: [
      'id',
      'at',
      'actor',
      'action',
      'user_id',
      'connection_id',
      'generation',
      'result',
      'reason',
      'request_id',
      'call',
    ],
    internal: ['position', 'link'],
  },
  audit_chain: {
    rows: 'later',
    internal: [
      'position',
      'at',
      'generation',
      'mac_version',
      'link_version',
      'id',
      'actor',
      'action',
      'user_id',
      'connection_id',
      'result',
      'reason',
      'request_id',
      'call',
      'mac',
      'link',
    ],
  },
  audit_tail: {
    rows: 'later',
    internal: [
      'seq',
      'at',
      'generation',
      'mac_version',
      'id',
      'actor',
      'action',
      'user_id',
      'connection_id',
      'result',
      'reason',
      'request_id',
      'call',
      'mac',
    ],
  },
  audit_cuts: {
    rows: 'later',
    internal: ['position', 'link', 'at', 'mac_version', 'mac'],
  },
  audit_heads: {
    rows: 'later',
    internal: ['position', 'link', 'at', 'token'],
  },
  audit_heads_due: {
    rows: 'later',
    internal: ['since'],
  },
  tenant_erasures: {
    rows: 'kept',
    internal: ['begun_at', 'erased_at'],
  },
  tenant_left_grants: {
    rows: 'kept',
    internal: ['provider', 'method', 'host', 'type', 'count'],
  },
  tenant_keys: {
    rows: 'kept',
    internal: [
      'version',
      'kek_id',
      'wrapped',
      'state',
      'state_since',
      'created_at',
      'destroyed_at',
    ],
  },
  api_keys: {
    rows: 'installation',
    internal: [
      'id',
      'name',
      'mac',
      'roles',
      'tenants',
      'providers',
      'origins',
      'grants_mac',
      'pepper_version',
      'created_at',
      'expires_at',
      'last_used_at',
      'revoked_at',
      'replaced_by',
    ],
  },
  install_keys: {
    rows: 'installation',
    sealed: ['sealed'],
    internal: ['name', 'version', 'key_version', 'public_jwk', 'created_at'],
  },
  replicas: {
    rows: 'installation',
    internal: ['replica_id', 'seen_at', 'root_key_ids'],
  },
} as const
tenantTables satisfies Record<string, TenantTable>

type Tables = typeof tenantTables

/** `table.column` of each sealed column. */
export type SealedColumn = {
  [Name in keyof Tables]: Tables[Name] extends { sealed: readonly (infer Column extends string)[] }
    ? `${Name}.${Column}`
    : never
}[keyof Tables]

export type ExportKind = Extract<Tables[keyof Tables], { exportedAs: string }>['exportedAs']
