import { KeywellError } from '@keywell/protocol'
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'
import { TokenBucket } from '../outbound/token-bucket.ts'

/** A token bucket: the burst that is allowed after a quiet time, and the average rate. */
export interface Rate {
  requestsPerSecond: number
  burst: number
}

export interface RateLimitSettings {
  /** Of one API key. */
  key: Rate
  /** Of one address without an API key: browsers that connect an account, and health checks. */
  address: Rate
  /** Wrong API keys from one address; and, counted apart, keys that users paste into a form of the service. */
  wrongKeys: Rate
}

/**
 * Of one process. Far above what an app asks for, which reads from its SDK's memory: what they end is
 * a loop that has run away, a flood, and guessing.
 */
export const defaultRateLimits: RateLimitSettings = {
  key: { requestsPerSecond: 5_000, burst: 20_000 },
  address: { requestsPerSecond: 50, burst: 500 },
  wrongKeys: { requestsPerSecond: 0.5, burst: 30 },
}

/** Hosts that one user of an app may have looked at. A person corrects an address a few times. */
const hostChecks: Rate = { requestsPerSecond: 0.1, burst: 10 }
/** Keys and addresses that are remembered. The least recently used is forgotten first. */
const maxRemembered = 10_000

/** Limits calls by API key and by client address. A call without a known address is not limited by address. */
export interface RateLimits {
  /** One call with this API key. @throws KeywellError `rate_limited` */
  call(keyId: string): void
  /** One call without a key. @throws KeywellError `rate_limited` */
  request(address: string | undefined): void
  /**
   * One look at whether the service is ready. Counted apart from calls, so that a flood of those does not make
   * an orchestrator take a process for dead. @throws KeywellError `rate_limited`
   */
  probe(address: string | undefined): void
  /** One look at a host, for a user of an app. @throws KeywellError `rate_limited` */
  hostCheck(user: { tenantId: string; userId: string }): void
  /** One key that a user pasted into a form. @throws KeywellError `rate_limited` */
  pastedKey(address: string | undefined): void
  /** One wrong API key. @throws KeywellError `rate_limited` when too many came from this address */
  failedAuth(address: string | undefined): void
}

/** @param now milliseconds of a clock that never goes back */
export function createRateLimits({
  limits,
  now,
}: {
  limits: RateLimitSettings
  now: () => number
}): RateLimits {
  const keys = createBuckets(limits.key, now)
  const addresses = createBuckets(limits.address, now)
  const probes = createBuckets(limits.address, now)
  const wrongKeys = createBuckets(limits.wrongKeys, now)
  const hosts = createBuckets(hostChecks, now)
  const pastedKeys = createBuckets(limits.wrongKeys, now)

  return {
    call(keyId) {
      if (!keys.take(keyId)) throw tooMany('calls with this API key', keys.msUntilToken(keyId))
    },
    request(address) {
      const source = sourceOf(address)
      if (source === undefined || addresses.take(source)) return
      throw tooMany('calls from this address', addresses.msUntilToken(source))
    },
    probe(address) {
      const source = sourceOf(address)
      if (source === undefined || probes.take(source)) return
      throw tooMany('health checks from this address', probes.msUntilToken(source))
    },
    hostCheck({ tenantId, userId }) {
      const user = JSON.stringify([tenantId, userId])
      if (!hosts.take(user)) throw tooMany('hosts for this user', hosts.msUntilToken(user))
    },
    pastedKey(address) {
      const source = sourceOf(address)
      if (source === undefined || pastedKeys.take(source)) return
      throw tooMany('keys from this address', pastedKeys.msUntilToken(source))
    },
    failedAuth(address) {
      const source = sourceOf(address)
      if (source === undefined || wrongKeys.take(source)) return
      throw tooMany('wrong API keys from this address', wrongKeys.msUntilToken(source))
    },
  }
}

function createBuckets(rate: Rate, now: () => number) {
  const buckets = new LRUCache<string, TokenBucket>({ max: maxRemembered })
  const bucketOf = (name: string) => {
    const known = buckets.get(name)
    if (known !== undefined) return known
    const made = new TokenBucket(rate, now())
    buckets.set(name, made)
    return made
  }
  return {
    take: (name: string) => bucketOf(name).take(now()),
    /** Of a name that never took one nothing is remembered. */
    msUntilToken: (name: string) => buckets.get(name)?.msUntilToken(now()) ?? 0,
  }
}

/** An IPv4 address, or the network of an IPv6 one: who has one of those has all 2⁶⁴. */
export function sourceOf(address: string | undefined): string | undefined {
  if (address === undefined || !ipaddr.isValid(address)) return undefined
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv4' ? parsed.toString() : parsed.toByteArray().slice(0, 8).join('.')
}

function tooMany(what: string, retryAfterMs: number): KeywellError {
  return new KeywellError('rate_limited', `Too many ${what}.`, { retryAfterMs })
}
