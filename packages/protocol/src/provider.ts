/**
 * What Keywell has to know of a provider, as data. A quirk is a field here, or a pure function of a
 * few lines beside the data; there are no provider classes.
 *
 * All paths are joined below a connection's host, relative root included
 * (`https://host/gitlab` + `/oauth/token`).
 */
export interface ProviderDefinition {
  /** Name in URLs and calls, e.g. `gitlab`. */
  readonly name: string
  /** Name for people, e.g. `GitLab`. */
  readonly title: string
  readonly documentationUrl: string
  /** The host that is meant when none is given. */
  readonly defaultHost: string
  readonly oauth: OAuthDefinition
  readonly scopes: readonly ScopeDefinition[]
  /** Headings of the scopes, in the order in which they are shown. */
  readonly scopeGroups: readonly ScopeGroup[]
  /** From the least to the most powerful. */
  readonly scopePresets: readonly ScopePreset[]
  /** Asked for when neither the session nor the button names scopes. */
  readonly defaultScopes: readonly string[]
  readonly refresh: RefreshDefinition
  readonly identity: IdentityProbe
  readonly health: HealthProbe
  readonly revocation: RevocationDefinition
  /** How an instance is recognised. Absent: there is none but `defaultHost`. */
  readonly instance?: InstanceProbe
  /** Keys that a person makes there by hand. Absent: none are kept. */
  readonly apiKeys?: ApiKeyDefinition
  /**
   * How much `defaultHost` is asked of at most. Another host of the provider has limits of its own,
   * which its operator knows. Default: the service's own limits for a public host.
   */
  readonly limits?: HostLimits
  /** What an operator must do at the provider to register an app, as steps for people. */
  readonly registration: RegistrationGuide
}

export interface OAuthDefinition {
  readonly authorizePath: string
  readonly tokenPath: string
  readonly revokePath: string
  /** How the client names itself at the token endpoint (RFC 6749 section 2.3.1). */
  readonly clientAuthentication: 'client_secret_basic' | 'client_secret_post'
  /** RFC 9207: whether the callback must carry `iss`. `optional` means: compared if it is there. */
  readonly issuerInCallback: 'required' | 'optional'
  /** The issuer's path below the host; empty if the issuer is the host itself. */
  readonly issuerPath: string
  /** Seconds that an authorisation code lives; bounds how long it may be parked. */
  readonly codeLifetimeSeconds: number
  readonly scopeSeparator: ' ' | ','
}

/** For all calls of an installation to one host together, whichever its tenants are. */
export interface HostLimits {
  /** Calls per second, on average; above 0. */
  readonly requestsPerSecond: number
  /** Calls that may go at once after a quiet time, before that rate holds; at least 1. */
  readonly burst: number
  /** Calls under way at the same time; a whole number, at least 1. */
  readonly concurrency: number
}

export type ScopeRisk = 'low' | 'medium' | 'high' | 'critical'

export interface ScopeDefinition {
  readonly name: string
  /** One sentence for the person who consents. */
  readonly sentence: string
  readonly risk: ScopeRisk
  /** Name of one of the provider's `scopeGroups`. */
  readonly group: string
  /** Scopes whose rights a token with this one has as well. */
  readonly implies: readonly string[]
  /** Lets see, and change nothing. Without a word it may change something. */
  readonly readOnly?: boolean
  /** Only administrators of the instance can use it. */
  readonly administratorsOnly?: boolean
}

export interface ScopeGroup {
  /** Such as `code`; a translation goes by it. */
  readonly name: string
  /** For people. */
  readonly title: string
}

/** A choice of scopes that is offered as one. */
export interface ScopePreset {
  /** Such as `read_only`; a translation goes by it. */
  readonly name: string
  /** For people. */
  readonly title: string
  /** One sentence for the person who chooses. */
  readonly sentence: string
  readonly scopes: readonly string[]
}

export interface RefreshDefinition {
  /**
   * `none`: the refresh token stays. `grace`: a used one works again for a while. `strict`: a used
   * one is refused and the newer pair lives. `strict_family`: using one twice revokes everything.
   */
  readonly rotation: 'none' | 'grace' | 'strict' | 'strict_family'
  readonly graceSeconds?: number
  /** A dead old access token is then evidence that a rotation happened. */
  readonly revokesOldAccessToken: boolean
  /** Seconds an access token lives when the answer does not say; null: ask the probe. */
  readonly defaultExpiresIn: number | null
  /** Seconds; null: no end of its own. */
  readonly refreshTokenLifetime: number | null
  /**
   * Seconds after its last use that a refresh token ends; null: it need not be used. A connection is
   * renewed after half of it at the latest, even if it is not read.
   */
  readonly refreshTokenIdleLifetime: number | null
  /** Seconds that a request may still be worked on at their side after we stopped waiting. */
  readonly maxRequestSeconds: number
}

/** A request for the account that a token belongs to, and how to read its answer. */
export interface IdentityProbe {
  readonly path: string
  /** Any of these scopes, or one that implies it, opens the path. */
  readonly scopes: readonly string[]
  readonly account: (body: unknown) => ProviderAccount | undefined
  /** Used when none of `scopes` was granted: knows the id alone. */
  readonly fallback?: {
    readonly path: string
    readonly account: (body: unknown) => ProviderAccount | undefined
  }
}

/** A request without a token that tells whether an address is an instance of the provider. */
export interface InstanceProbe {
  readonly path: string
  readonly isInstance: (answer: ProbeAnswer) => boolean
}

/** Who a token belongs to. `id` is the provider's stable one, never a name or an address. */
export interface ProviderAccount {
  readonly id: string
  readonly name: string | null
  readonly username: string | null
  readonly avatarUrl: string | null
}

/** How a key that a user has made by hand is sent, recognised and looked at. */
export interface ApiKeyDefinition {
  /** What people call it there, e.g. `personal access token`. */
  readonly title: string
  /** The header that carries it, and what stands in front of the key. */
  readonly header: { readonly name: string; readonly prefix: string }
  readonly identity: IdentityProbe
  readonly health: HealthProbe
  /** Where a person makes and removes keys, below the host. */
  readonly manualPath: string
  /** What the form for a key asks and says. */
  readonly form: KeyForm
}

/** The form that a person pastes a key into. */
export interface KeyForm {
  /** What is typed. One field, since what is kept of a key is one text. */
  readonly fields: readonly [KeyField]
  /** How to make a key, as sentences for people; they follow the link to the page at `manualPath`. */
  readonly steps: readonly string[]
  /** Names of the query parameters that fill that page in beforehand. Absent: it takes none. */
  readonly prefill?: {
    readonly name: string
    readonly scopes: string
    readonly scopeSeparator: string
  }
}

export interface KeyField {
  /** Of the form's parameter. */
  readonly name: string
  /** What stands above the field. */
  readonly label: string
}

/** A request that shows whether a token is active. Whatever neither predicate knows is `unknown`. */
export interface HealthProbe {
  readonly path: string
  readonly isActive: (answer: ProbeAnswer) => boolean
  readonly isInactive: (answer: ProbeAnswer) => boolean
  /** Reads scopes and seconds left, or the time of the end, from an answer that says `active`. */
  readonly details?: (body: unknown) => {
    scopes?: readonly string[]
    expiresIn?: number
    expiresAt?: Date
  }
}

export interface ProbeAnswer {
  readonly status: number
  /** Parsed JSON, or undefined when it was none. */
  readonly body: unknown
}

export interface RevocationDefinition {
  /** Which token kills the whole grant. */
  readonly send: 'refresh_token' | 'access_token'
  /** RFC 7009 `token_type_hint`; null: send none. */
  readonly tokenTypeHint: 'refresh_token' | 'access_token' | null
  /** Where a person withdraws the grant by hand, below the host. */
  readonly manualPath: string
}

export interface RegistrationGuide {
  /** Page below the host where apps are registered. */
  readonly path: string
  readonly steps: readonly string[]
}
