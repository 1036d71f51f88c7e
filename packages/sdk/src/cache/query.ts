import type { ProviderName, ScopeName } from '@keywell/protocol'

/** Which credential, and what for. */
export interface CredentialQuery {
  readonly provider: ProviderName
  readonly tenantId: string
  readonly userId: string
  /** Needed only where the user has connected the provider on more than one host. */
  readonly host?: string | undefined
  /** Name of the connection. Default: `default`. */
  readonly connectionName?: string | undefined
  /** Scopes about to be used; those not granted come back as `missingScopes`. */
  readonly scopes?: readonly ScopeName[] | undefined
}
