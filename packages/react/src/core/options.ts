import type { ConnectOptions, routes, ToolSummary } from '@keywell/protocol'
import { type BrowserWindow, call } from './call.ts'
import type { Sessions } from './sessions.ts'

/** A provider that the session may connect, with what scopes are chosen by: groups, presets and tools. */
export type ScopeOptions = ConnectOptions['providers'][number] & { tools: ToolSummary[] }

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
): Promise<ScopeOptions[]> {
  const { serviceUrl, connectToken: token } = await sessions.prepare(undefined)
  const url =
    `${serviceUrl}/connect/providers?tools=true` satisfies `${string}${ProvidersPath}?tools=true`
  return (await call<{ providers: ScopeOptions[] }>(window().fetch, url, { token })).providers
}
