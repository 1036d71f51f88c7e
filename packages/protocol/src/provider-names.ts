/** The names of the catalogue, so that an editor can offer them. A test compares them with the catalogue. */
export const knownScopes = {
  gitlab: [
    'admin_mode',
    'ai_features',
    'api',
    'create_runner',
    'email',
    'k8s_proxy',
    'manage_runner',
    'openid',
    'profile',
    'read_api',
    'read_observability',
    'read_registry',
    'read_repository',
    'read_service_ping',
    'read_user',
    'read_virtual_registry',
    'sudo',
    'write_observability',
    'write_registry',
    'write_repository',
    'write_virtual_registry',
  ],
} as const

export type KnownProvider = keyof typeof knownScopes
export type KnownScope = (typeof knownScopes)[KnownProvider][number]

/** Any text, without hiding the names beside it from completion. */
type OtherText = string & Record<never, never>

/** Name of a provider: one of the catalogue's, or that of a service with others. */
export type ProviderName = KnownProvider | OtherText
/** Name of a scope: one that a provider of the catalogue documents, or another. */
export type ScopeName = KnownScope | OtherText
