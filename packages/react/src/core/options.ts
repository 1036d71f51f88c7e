import type { ConnectionId, ConnectOptions, routes, ToolSummary } from '@keywell/protocol'
import { type BrowserWindow, call } from './call.ts'
import type { Sessions } from './sessions.ts'

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
 * Reads what a session of this page may connect. The session is one that was prepared for a click, and is left
 * for it.
 *
 * @throws ConnectError
 */
export async function readScopeOptions(
  window: () => BrowserWindow,
  sessions: Sessions,
  { host, connectionId }: ScopeOptionsFor,
): Promise<ScopeOptions[]> {
  const { serviceUrl, connectToken: token } = await sessions.prepare(connectionId)
  const path: ProvidersPath = '/connect/providers'
  const url = `${serviceUrl}${path}?tools=true${host ? `&host=${encodeURIComponent(host)}` : ''}`
  return (await call<{ providers: ScopeOptions[] }>(window().fetch, url, { token })).providers
}
