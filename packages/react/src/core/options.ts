import type { ConnectionId, ConnectOptions, routes, ToolSummary } from '@keywell/protocol'
import type { KeywellClient } from './client.ts'

/** A provider that the session may connect, with what scopes are chosen by: groups, presets and tools. */
export type ScopeOptions = ConnectOptions['providers'][number] & { tools: ToolSummary[] }

/** What scopes are to be chosen for. */
export interface ScopeOptionsFor {
  /** Base URL of an instance: only what is registered there is offered. Default: that of the session, else all. */
  readonly host?: string | undefined
  /** The connection that is to ask for other scopes. */
  readonly connectionId?: ConnectionId | undefined
}

type ProvidersPath = (typeof routes.flows.options)['path']

/**
 * Reads which providers and scopes the user may choose from, for a picker. The session is one that was prepared for a
 * click, and is left for it.
 *
 * @throws ConnectError
 */
export async function readScopeOptions(
  client: Pick<KeywellClient, 'request'>,
  { host, connectionId }: ScopeOptionsFor = {},
): Promise<ScopeOptions[]> {
  const path: ProvidersPath = '/connect/providers'
  const query = `?tools=true${host ? `&host=${encodeURIComponent(host)}` : ''}`
  const answer = await client.request<{ providers: ScopeOptions[] }>(path + query, { connectionId })
  return answer.providers
}
