/**
 * Keywell for your backend.
 *
 *     import { Keywell } from '@keywell/sdk'
 *
 *     const keywell = new Keywell() // KEYWELL_URL, KEYWELL_API_KEY
 *     const query = { provider: 'gitlab', tenantId: 'org_acme', userId: 'user_123' }
 *     const { credential } = await keywell.getCredential(query)
 *     const projects = await keywell.fetch(query, '/api/v4/projects')
 */
export {
  type AgentError,
  type Approval,
  type ApprovalList,
  type AuditHead,
  type AuditLine,
  type AuditLogEntry,
  type AuditPage,
  agentErrorOf,
  allowsTool,
  type Connection,
  type ConnectionList,
  type Delivery,
  type DeliveryList,
  type DeviceFlow,
  type DeviceStart,
  type DisconnectAnswer,
  type ErrorCode,
  type Integration,
  type IntegrationList,
  isKeywellError,
  KeywellError,
  type KnownProvider,
  type KnownScope,
  type LinkAnswer,
  type PlannedProvider,
  type Provider,
  type ProviderList,
  type ProviderName,
  type ProviderResponse,
  planScopes,
  type RevokedSession,
  type ScopedToolList,
  type ScopeName,
  type ScopePlan,
  Secret,
  type SessionAnswer,
  type SetTenantPolicy,
  type Tenant,
  type TenantPolicy,
  type TenantPolicyAnswer,
  type ToolAccess,
  type ToolErrorCode,
  type ToolFailure,
  type ToolLimits,
  type ToolList,
  type ToolSummary,
  type ToolView,
  toolsOf,
  type UnavailableTool,
  type Webhook,
  type WebhookEventType,
  type WebhookList,
  type WebhookWithSecret,
} from '@keywell/protocol'
export type { AuditLog, ExportAudit } from './audit.ts'
export type {
  CredentialQuery,
  TenantCredentialQuery,
  UserCredentialQuery,
} from './cache/query.ts'
export type { ReadOptions } from './cache/waiting.ts'
export type { ConfirmByCode, ConfirmFlow, Connect } from './connect.ts'
export type {
  ConnectionOwner,
  ConnectionReference,
  Connections,
  CreateConnection,
  ListConnections,
} from './connections.ts'
export { Credential, type CredentialHeader } from './credential.ts'
export type { Device, DeviceReference } from './device.ts'
export type { SignedIn } from './handler/signed-in.ts'
export type { EvictReason, Hooks } from './hooks.ts'
export {
  type InstallationReference,
  Installations,
  type ListInstallations,
} from './installations.ts'
export type { Integrations } from './integrations.ts'
export { type CredentialResult, type GetCredential, Keywell } from './keywell.ts'
export type { List } from './list.ts'
export type { KeywellOptions } from './options.ts'
export type { Providers } from './providers.ts'
export type { CallOptions } from './service.ts'
export type { Tenants } from './tenants.ts'
export type { ApprovalReference, Approvals } from './tools/approvals.ts'
export type {
  ExecuteOptions,
  ListScoped,
  RequestOptions,
  RequestQuery,
  ScopedToolFilter,
  ToolArguments,
  ToolFilter,
  ToolIdentifier,
  ToolOwner,
  ToolPage,
  ToolResult,
} from './tools/calls.ts'
export type {
  ExecuteEntry,
  ToolEntry,
  ToolEntryDefinition,
  ToolEntryPage,
} from './tools/entries.ts'
export type { McpTokenReference, McpTokens } from './tools/mcp-tokens.ts'
export type { ToolPlanQuery, Tools } from './tools/tools.ts'
export type { UserTools } from './tools/user-tools.ts'
export type { GetUserCredential, KeywellUser, UserConnections, UserQuery } from './user.ts'
export type { WebhookEvent, WebhookMessage } from './webhooks/message.ts'
export {
  createWebhookVerifier,
  type WebhookVerifier,
  type WebhookVerifierOptions,
} from './webhooks/verifier.ts'
export type { ListDeliveries, WebhookReference, Webhooks } from './webhooks.ts'
