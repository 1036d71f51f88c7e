import { isIP } from 'node:net'
import { tenantIdSchema } from '@keywell/protocol'
import { type Network, parseNetwork } from './address.ts'

/** A host that may be reached although it is private, or on another port than 443. */
export interface PrivateHost {
  /** The exact origin that may be called: `https://git.corp`, `http://127.0.0.1:7401`. Plain http only if it says so. */
  readonly origin: string
  /**
   * Networks that the name may resolve into, beside public ones: `10.0.0.0/8`. Default: an origin
   * that is an address may be reached at it, `localhost` at loopback, any other at public addresses.
   * Link-local and cloud-metadata addresses stay refused, whatever is listed.
   */
  readonly networks?: readonly string[] | undefined
  /** Certificate authorities to trust for this host, as PEM, in place of the system's. */
  readonly ca?: string | undefined
  /**
   * The only tenants that may use this entry. For every other tenant, and for the installation itself, the
   * host is not listed. Default: all tenants and the installation.
   */
  readonly tenants?: readonly string[] | undefined
}

/** A parsed entry: one origin, its networks, and the tenants that may use it. */
export interface ListedHost {
  readonly origin: string
  readonly hostname: string
  /** Empty: the host may only be reached at public addresses. */
  readonly networks: readonly Network[]
  readonly ca: string | undefined
  readonly tenants: ReadonlySet<string> | undefined
}

/**
 * @param elsewhere hosts for calls of another kind: the private ones are listed here, but no tenant may use them
 * @throws TypeError for an entry that is invalid, listed twice, or always refused
 */
export function parsePrivateHosts(
  list: readonly PrivateHost[],
  elsewhere: readonly PrivateHost[] = [],
): ListedHost[] {
  const hosts = list.map(parsePrivateHost)
  const origins = hosts.map(({ origin }) => origin)
  const twice = origins.find((origin, place) => origins.indexOf(origin) !== place)
  if (twice === undefined) return [...hosts, ...withoutTenants(elsewhere, new Set(origins))]
  throw new TypeError(
    `"${twice}" is listed twice; name its networks and its tenants in one entry, since only one can hold`,
  )
}

function withoutTenants(
  elsewhere: readonly PrivateHost[],
  listed: ReadonlySet<string>,
): ListedHost[] {
  return elsewhere
    .map(parsePrivateHost)
    .filter(({ origin, networks }) => networks.length > 0 && !listed.has(origin))
    .map((host) => ({ ...host, tenants: new Set<string>() }))
}

/** @throws TypeError for a text that is more, or less, than an origin */
export function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? withoutTrailingDot(new URL(text)) : undefined
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === ''
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (!url || !isOrigin || !isWeb || url.username !== '' || url.password !== '') {
    throw new TypeError(`"${text}" is not an origin; write it as https://git.corp`)
  }
  return url
}

/** `name.` is `name` to a resolver, and another text to a list. */
export function withoutTrailingDot(url: URL): URL {
  const copy = new URL(url)
  copy.hostname = url.hostname.replace(/\.$/, '')
  return copy
}

export function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}

/** The address that stands in a URL in place of a name. */
export function literalAddress(url: URL): string | undefined {
  const text = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(text) === 0 ? undefined : text
}

function parsePrivateHost(entry: PrivateHost): ListedHost {
  const url = parseOrigin(entry.origin)
  return {
    origin: url.origin,
    hostname: url.hostname,
    networks: (entry.networks ?? defaultNetworks(url)).map(parseNetwork),
    ca: entry.ca,
    tenants: entry.tenants && parseTenants(entry.origin, entry.tenants),
  }
}

function defaultNetworks(origin: URL): string[] {
  const literal = literalAddress(origin)
  if (literal !== undefined) return [`${literal}/${isIP(literal) === 4 ? 32 : 128}`]
  return isLocalName(origin.hostname) ? ['127.0.0.0/8', '::1/128'] : []
}

/** A list that was meant to limit must not open: one without a tenant is a slip. */
function parseTenants(origin: string, tenants: readonly string[]): ReadonlySet<string> {
  if (tenants.length === 0) {
    throw new TypeError(`"${origin}" is listed for no tenant; name some, or none to be for all`)
  }
  const wrong = tenants.find((tenant) => !tenantIdSchema.safeParse(tenant).success)
  if (wrong === undefined) return new Set(tenants)
  throw new TypeError(`"${origin}" is listed for "${wrong}", which is no id of a tenant`)
}
