import { isIP } from 'node:net'
import { isListed, isPublic, type Network, parseNetwork } from './address.ts'
import { OutboundError } from './errors.ts'

/** A host that may be reached although it is private, or on another port than 443. */
export interface PrivateHost {
  /** Exactly what may be called: `https://gitlab.corp`, `http://127.0.0.1:7401`. Plain http only if it says so. */
  readonly origin: string
  /**
   * Networks that the name may resolve into, beside public ones: `10.0.0.0/8`. Default: an origin
   * that is an address may be reached at it, `localhost` at loopback, any other at public addresses.
   * Link-local and cloud-metadata addresses stay refused, whatever is listed.
   */
  readonly networks?: readonly string[] | undefined
  /** Certificate authorities to trust for this host, as PEM, in place of the system's. */
  readonly ca?: string | undefined
}

/** Decides what may be called; the rule of every stage of the guard. */
export interface Policy {
  /**
   * The URL with a trailing dot of its name removed.
   *
   * @throws OutboundError `refused_url`, or `refused_address` for an address literal
   */
  check(url: URL): URL
  /** Whether a socket of this origin may have this peer. */
  permits(peer: { origin: string; address: string }): boolean
  /** Certificate authorities of the origin, when its operator gave some. */
  certificateAuthorities(origin: string): string | undefined
}

/** @throws TypeError for an entry that means nothing, or that nobody may list */
export function createPolicy(allow: readonly PrivateHost[]): Policy {
  const listed = new Map(
    allow.map((entry) => {
      const origin = parseOrigin(entry.origin)
      return [origin.origin, { networks: networksOf(origin, entry), ca: entry.ca }] as const
    }),
  )

  function permits({ origin, address }: { origin: string; address: string }): boolean {
    return isPublic(address) || isListed(address, listed.get(origin)?.networks ?? [])
  }

  return {
    check(given) {
      const url = withoutTrailingDot(given)
      const refuse = (reason: 'refused_url' | 'refused_address', detail: string) =>
        new OutboundError(reason, { host: url.host, notSent: true, detail })

      if (url.username !== '' || url.password !== '') throw refuse('refused_url', 'user name')
      if (url.hostname === '' || url.hostname.endsWith('.')) throw refuse('refused_url', 'name')
      if (!listed.has(url.origin)) {
        if (url.protocol !== 'https:') throw refuse('refused_url', 'not https')
        if (url.port !== '') throw refuse('refused_url', 'port')
        if (isLocalName(url.hostname)) throw refuse('refused_url', 'local name')
      }
      const literal = literalAddress(url)
      if (literal !== undefined && !permits({ origin: url.origin, address: literal })) {
        throw refuse('refused_address', 'address')
      }
      return url
    },
    permits,
    certificateAuthorities: (origin) => listed.get(origin)?.ca,
  }
}

/** @throws TypeError for a text that is more, or less, than an origin */
export function parseOrigin(text: string): URL {
  const url = URL.canParse(text) ? withoutTrailingDot(new URL(text)) : undefined
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === ''
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:'
  if (!url || !isOrigin || !isWeb || url.username !== '' || url.password !== '') {
    throw new TypeError(`"${text}" is not an origin; write it as https://gitlab.corp`)
  }
  return url
}

function networksOf(origin: URL, entry: PrivateHost): Network[] {
  return (entry.networks ?? defaultNetworks(origin)).map(parseNetwork)
}

function defaultNetworks(origin: URL): string[] {
  const literal = literalAddress(origin)
  if (literal !== undefined) return [`${literal}/${isIP(literal) === 4 ? 32 : 128}`]
  return isLocalName(origin.hostname) ? ['127.0.0.0/8', '::1/128'] : []
}

/** `name.` is `name` to a resolver, and another text to a list. */
function withoutTrailingDot(url: URL): URL {
  const copy = new URL(url)
  copy.hostname = url.hostname.replace(/\.$/, '')
  return copy
}

function isLocalName(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost')
}

function literalAddress(url: URL): string | undefined {
  const text = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(text) === 0 ? undefined : text
}
