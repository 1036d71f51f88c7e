import { KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { defaultHostOf, hostOf, isHostOf, isPlaceTold, placeVariableOf } from '@keywell/providers'

/** A text that cannot be the base URL of an instance; the message says why, for a person. */
export class InvalidHost extends Error {
  override readonly name = 'InvalidHost'
}

const rootPath = /^(\/[A-Za-z0-9._~-]+)*\/?$/

/**
 * The one spelling of an instance's base URL: scheme, name and port in lower case, default port and
 * trailing dot removed, relative root kept, no slash at the end
 * (`HTTPS://GitLab.Example.:443/git/` is `https://gitlab.example/git`).
 *
 * Which of them may be reached is not asked here but by `Outbound.checkUrl`.
 *
 * @throws InvalidHost
 */
export function normalizeHost(text: string): string {
  const written = text.trim()
  if (!/^https?:\/\/[^/]/i.test(written)) {
    throw new InvalidHost('Write the host with its scheme, as in https://git.example.')
  }
  // The parser would drop these, so that the host would look like another than it is.
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u.test(written)) {
    throw new InvalidHost(
      'The host has a line end or an invisible character in it. Write it by hand, or copy it again.',
    )
  }
  // The parser would silently turn "\" into "/" and walk up ".." segments.
  if (/[\\\s]|[?#@]|%|\/\.{1,2}(\/|$)/.test(written)) {
    throw new InvalidHost(
      'The host must be a plain base URL: no user name, query, fragment, spaces, escapes or dot segments.',
    )
  }
  const url = parse(written)
  if (!rootPath.test(url.pathname)) {
    throw new InvalidHost('The path of the host must be a relative root such as /code.')
  }
  const host = url.host.replace(/\.(?=:|$)/, '')
  if (host === '' || /(^|\.)\.|^:|\.(:|$)/.test(host)) {
    throw new InvalidHost('The name of the host has an empty part.')
  }
  return `${url.protocol}//${host}${url.pathname.replace(/\/$/, '')}`
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new InvalidHost('This is not a URL.')
  }
}

/** @throws KeywellError `host_not_allowed` */
export function parseHost(text: string): string {
  try {
    return normalizeHost(text)
  } catch (error) {
    if (!(error instanceof InvalidHost)) throw error
    throw new KeywellError('host_not_allowed', error.message)
  }
}

/**
 * A host of a provider, as a request names it. Where the API of an instance has an address of its own, the address
 * that people know will do as well.
 *
 * @param host undefined: the provider's default
 * @throws KeywellError `host_required`; `host_not_allowed` for what is no host of the provider
 */
export function parsePlace(provider: ProviderDefinition, host: string | undefined): string {
  if (host === undefined) return defaultHostOf(provider) ?? missing(provider)
  const place = placeMeantBy(provider, host)
  if (isHostOf(provider, place)) return place
  throw new KeywellError(
    'host_not_allowed',
    `${place} is not an address of ${provider.title}, which is as in ${provider.api.base}.`,
    { nextStep: 'Leave host out where there is but one; else name it in that form.' },
  )
}

/**
 * The same for a connection that may be there already: a host from before its provider's definition was edited is
 * one to be looked for, too.
 *
 * @throws KeywellError `host_not_allowed` for what is no host at all
 */
export function placeMeantBy(provider: ProviderDefinition, host: string): string {
  const parsed = parseHost(host)
  const name = placeVariableOf(provider)
  const isWeb = name !== undefined && provider.variables[name]?.kind === 'host'
  return isHostOf(provider, parsed) || !isWeb ? parsed : hostOf(provider, { [name]: parsed })
}

/** A host to hold against a policy; undefined: it is that of a flow whose account has not been told yet. */
export function knownHost(provider: ProviderDefinition, host: string): string | undefined {
  return isPlaceTold(provider) && host === provider.api.base ? undefined : host
}

function missing(provider: ProviderDefinition): never {
  throw new KeywellError(
    'host_required',
    `${provider.title} has no host that would be meant where none is named.`,
    { nextStep: `Name it, as in ${provider.api.base}.` },
  )
}
