import { isListed, isPublic } from './address.ts'
import { OutboundError } from './errors.ts'
import { isLocalName, type ListedHost, literalAddress } from './private-hosts.ts'

/** Decides what may be called; the rule of every stage of the guard. */
export interface Policy {
  /** @throws OutboundError `refused_url`, or `refused_address` for an address literal */
  check(url: URL): void
  /** Whether a socket of this origin may have this peer. */
  permits(peer: { origin: string; address: string }): boolean
  isListed(origin: string): boolean
  /** Certificate authorities of the origin, when its operator gave some. */
  certificateAuthorities(origin: string): string | undefined
  /**
   * How an origin is reached where there is an egress proxy. `direct`: it has networks of its own.
   * `withheld`: its name is that of a private host, which this caller may not use, or not at this origin. The
   * proxy may be in the same network as that host, so the call must not go through it.
   */
  routeTo(origin: string): 'direct' | 'proxy' | 'withheld'
}

/** The rule for callers that may use the `usable` entries of a list. */
export function createPolicy(hosts: {
  list: readonly ListedHost[]
  usable: readonly ListedHost[]
}): Policy {
  const usable = new Map(hosts.usable.map((host) => [host.origin, host]))
  const privateNames = new Set(hosts.list.filter(isPrivate).map(({ hostname }) => hostname))

  function permits({ origin, address }: { origin: string; address: string }): boolean {
    return isPublic(address) || isListed(address, usable.get(origin)?.networks ?? [])
  }

  return {
    check(url) {
      const refuse = (reason: 'refused_url' | 'refused_address', detail: string) =>
        new OutboundError(reason, { host: url.host, notSent: true, detail })

      if (url.username !== '' || url.password !== '') throw refuse('refused_url', 'user name')
      if (url.hostname === '' || url.hostname.endsWith('.')) throw refuse('refused_url', 'name')
      if (!usable.has(url.origin)) {
        if (url.protocol !== 'https:') throw refuse('refused_url', 'not https')
        if (url.port !== '') throw refuse('refused_url', 'port')
        if (isLocalName(url.hostname)) throw refuse('refused_url', 'local name')
      }
      const literal = literalAddress(url)
      if (literal !== undefined && !permits({ origin: url.origin, address: literal })) {
        throw refuse('refused_address', 'address')
      }
    },
    permits,
    isListed: (origin) => usable.has(origin),
    certificateAuthorities: (origin) => usable.get(origin)?.ca,
    routeTo(origin) {
      const host = usable.get(origin)
      if (host !== undefined && isPrivate(host)) return 'direct'
      return privateNames.has(new URL(origin).hostname) ? 'withheld' : 'proxy'
    },
  }
}

function isPrivate({ networks }: ListedHost): boolean {
  return networks.length > 0
}
