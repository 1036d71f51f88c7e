import { apiKeyRoutes } from './api-keys.ts'
import { auditRoutes } from './audit.ts'
import { changeRoutes } from './changes.ts'
import { deviceRoutes, flowRoutes, sessionRoutes } from './connect.ts'
import { connectionRoutes, credentialRoutes } from './connections.ts'
import { customProviderRoutes } from './custom-providers.ts'
import { eventRoutes } from './events.ts'
import { incidentRoutes } from './incidents.ts'
import { installationRoutes } from './installations.ts'
import { integrationRoutes, providerRoutes } from './integrations.ts'
import { mcpTokenRoutes } from './mcp-tokens.ts'
import { requestRoutes } from './requests.ts'
import type { Route } from './route.ts'
import { scopeRoutes } from './scopes.ts'
import { serviceRoutes } from './service.ts'
import { tenantRoutes } from './tenants.ts'
import { approvalRoutes, toolRoutes } from './tools.ts'
import { webhookRoutes } from './webhooks.ts'

/**
 * Every route of the service that a program calls, by resource and verb: `routes.connections.list`. Pages
 * that a browser visits by itself are not among them: `POST /connect/start`, `POST /connect/key`, `POST /connect/device`
 * and the OAuth callback.
 */
export const routes = {
  credentials: credentialRoutes,
  requests: requestRoutes,
  tools: toolRoutes,
  approvals: approvalRoutes,
  connections: connectionRoutes,
  sessions: sessionRoutes,
  flows: flowRoutes,
  device: deviceRoutes,
  installations: installationRoutes,
  integrations: integrationRoutes,
  incidents: incidentRoutes,
  providers: providerRoutes,
  scopes: scopeRoutes,
  customProviders: customProviderRoutes,
  webhooks: webhookRoutes,
  events: eventRoutes,
  changes: changeRoutes,
  audit: auditRoutes,
  tenants: tenantRoutes,
  apiKeys: apiKeyRoutes,
  mcpTokens: mcpTokenRoutes,
  service: serviceRoutes,
} as const satisfies Record<string, Record<string, Route>>

/** The table as a list; `id` is `connections.list`, and the `operationId` of the OpenAPI document. */
export const routeList: readonly (Route & { readonly id: string; readonly resource: string })[] =
  Object.entries(routes).flatMap(([resource, verbs]) =>
    Object.entries<Route>(verbs).map(([verb, one]) => ({
      ...one,
      resource,
      id: `${resource}.${verb}`,
    })),
  )

type Values<Of> = Of[keyof Of]
type Each = { [Resource in keyof typeof routes]: Values<(typeof routes)[Resource]> }
/** The audit entries that routes leave. */
export type RouteAuditAction = Extract<Values<Each>, { audit: string }>['audit']
