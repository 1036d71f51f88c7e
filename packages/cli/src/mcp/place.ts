/** What a provider's definition says of one of its instances. */
import type {
  AccountReader,
  HealthDefinition,
  KeyMethod,
  OAuth2Method,
  ProviderDefinition,
  RequestDefinition,
} from '@keywell/protocol'
import {
  defaultHostOf,
  fill,
  isHostOf,
  providers,
  type Variables,
  variablesAt,
} from '@keywell/providers'
import type { Settings } from './settings.ts'

export interface Place {
  readonly provider: ProviderDefinition
  readonly host: string
  /** Asks whether the credential is alive. */
  readonly health: HealthDefinition | undefined
  /** Asks whose it is. */
  readonly identity: RequestDefinition | undefined
  /** Reads the answer. */
  readonly reader: AccountReader | undefined
  /** Where client credentials become a token; undefined: the provider has no such place. */
  readonly tokenUrl: URL | undefined
  /** Headers that carry a token. */
  headersOf(token: string): Record<string, string>
  /** A request of the definition, at this instance. */
  urlOf(request: RequestDefinition): URL
}

/** @throws Error for a provider that there is not, or a host that is not one of its */
export function findPlace(
  name: string,
  { host, credential }: Pick<Settings, 'host' | 'credential'>,
): Place {
  const provider = providers.find((each) => each.name === name)
  if (provider === undefined) throw new Error(`There is no provider ${name}.`)
  if (!isHostOf(provider, host)) {
    const example = defaultHostOf(provider) ?? provider.api.base
    throw new Error(`${host} is no address of ${provider.title}, which is as in ${example}.`)
  }
  const at = variablesAt(provider, host)
  const key = provider.auth.find((each) => each.kind === 'key')
  const oauth = provider.auth.find((each) => each.kind === 'oauth2')
  const method = credential.kind === 'client' ? oauth : key
  if (method === undefined) throw new Error(`${provider.title} takes no credential of this kind.`)
  return {
    provider,
    host,
    health: method.health,
    identity: method.identity?.request,
    reader: method.identity?.account,
    tokenUrl: oauth && new URL(fill(oauth.token.url, at)),
    headersOf: (token) => headersOf(method, { token, key: token }),
    urlOf: ({ url }) => new URL(fill(url, at)),
  }
}

function headersOf({ send }: KeyMethod | OAuth2Method, secrets: Variables): Record<string, string> {
  return Object.fromEntries(
    send.map((part) => {
      if (part.in === 'header') return [part.name, fill(part.value, secrets)]
      const pair = `${fill(part.username, secrets)}:${fill(part.password, secrets)}`
      return ['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`]
    }),
  )
}
