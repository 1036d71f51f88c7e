import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { defaultHostOf, hostOf, isHostOf, placeVariableOf } from '@keywell/providers'
import { parseHost } from './host.ts'

/**
 * A host of a provider, as a request names it. Where the API of an instance has an address of its own, the address
 * that people know will do as well.
 *
 * @param host undefined: the provider's default
 * @throws KeywellError `host_required`; `host_not_allowed` for what is no host of the provider
 */
export function parsePlace(provider: ProviderDefinition, host: string | undefined): string {
  if (host === undefined) return defaultHostOf(provider) ?? missing(provider)
  const parsed = parseHost(host)
  if (isHostOf(provider, parsed)) return parsed
  const name = placeVariableOf(provider)
  const isDerived = name !== undefined && provider.variables[name]?.kind === 'host'
  if (isDerived) return hostOf(provider, { [name]: parsed })
  throw new KeywellError(
    'host_not_allowed',
    `${parsed} is not an address of ${provider.title}, which is as in ${provider.api.base}.`,
  )
}

function missing(provider: ProviderDefinition): never {
  throw new KeywellError(
    'host_required',
    `${provider.title} has no host that would be meant where none is named.`,
    { nextStep: `Name it, as in ${provider.api.base}.` },
  )
}
