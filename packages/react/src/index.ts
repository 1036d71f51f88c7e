/**
 * Keywell for React 18 and 19: a button that connects an account, a list of what is connected, and hooks.
 *
 * ```tsx
 * <KeywellProvider endpoint="/api/keywell">
 *   <ConnectButton provider="gitlab" onSuccess={(connection) => show(connection.account.name)} />
 * </KeywellProvider>
 * ```
 */
export { ConnectButton } from './connect-button.tsx'
export type { ConnectButtonProps, ConnectedOptions } from './connect-button-props.ts'
export type { ConnectView } from './connect-view.ts'
export { ConnectionStatus, type ConnectionStatusProps } from './connection-status.tsx'
export { ConnectionsManager, type ConnectionsManagerProps } from './connections-manager.tsx'
export {
  type ConnectDetails,
  ConnectError,
  type ConnectHandlers,
  type ConnectionsSnapshot,
  type ConnectState,
  type ConnectStateName,
  type ConnectTarget,
  type ProviderOptions,
  type SessionRequest,
  type StartOptions,
} from './core/index.ts'
export { HostField, type HostFieldProps } from './host-field.tsx'
export type { Messages, MessagesOverride } from './messages.ts'
export type { ClassNames, PartName } from './parts.ts'
export { KeywellProvider, type KeywellProviderProps } from './provider.tsx'
export { ProviderMark, type ProviderMarkProps } from './provider-mark.tsx'
export { ScopePicker, type ScopePickerOptions, type ScopePickerProps } from './scope-picker.tsx'
export { useConnect } from './use-connect.ts'
export {
  type UseConnection,
  type UseConnections,
  useConnection,
  useConnections,
} from './use-connections.ts'
export type { HostFieldOptions } from './use-host-look.ts'
export { useLiveConnections } from './use-live-connections.ts'
export type { ScopeChoice } from './use-managed-account.tsx'
export type { AccountOffer } from './use-offers.ts'
export type { ButtonScopePicker } from './use-scope-dialog.tsx'
export { VariableField, type VariableFieldProps } from './variable-field.tsx'
