/**
 * Keywell in a browser, without a framework: connect a user's account, list and disconnect.
 *
 * ```ts
 * const client = createKeywellClient({ endpoint: '/api/keywell' })
 * const gitlab = client.connect({ provider: 'gitlab' })
 * gitlab.attach({ onSuccess: (connection) => show(connection.account.name) })
 * gitlab.subscribe(() => draw(gitlab.getSnapshot().name))
 * button.onclick = () => gitlab.start()
 * ```
 */
export type { ToolSummary } from '@keywell/protocol'
export {
  chooseScopes,
  compareScopes,
  offeredPresets,
  presetOf,
  type ScopeChanges,
  type ScopeOffer,
  type ScopeRow,
  type ScopeRows,
  type ScopeState,
  scopeRows,
  toggleScope,
  toolsThrough,
} from '@keywell/protocol/scope-choice'
export {
  type PlannedProvider,
  planScopes,
  type ScopePlan,
  type ToolAccess,
  toolsOf,
  type UnavailableTool,
} from '@keywell/protocol/scope-plan'
export type { ConnectDetails, ConnectHandlers, StartOptions } from './button.ts'
export { type ClientOptions, createKeywellClient, type KeywellClient } from './client.ts'
export type { Connect } from './connect.ts'
export { type Connections, type ConnectionsSnapshot, nothingKnown } from './connections.ts'
export { asConnectError, ConnectError } from './error.ts'
export { followConnections } from './follow.ts'
export { checkHost } from './hosts.ts'
export { readScopeOptions, type ScopeOptions, type ScopeOptionsFor } from './options.ts'
export { readPlace } from './places.ts'
export { type ProviderOptions, readProviders } from './providers.ts'
export type { SessionRequest } from './sessions.ts'
export {
  type ConnectEvent,
  type ConnectState,
  type ConnectStateName,
  isBusy,
  reduce,
} from './state.ts'
export type { ConnectTarget } from './target.ts'
