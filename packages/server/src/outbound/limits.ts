import type { HostLimits, ProviderDefinition } from '@keywell/protocol'
import { defaultHostOf } from '@keywell/providers'
import { type PrivateHost, parseOrigin } from './private-hosts.ts'

/**
 * For a public host without limits of its own: far below what an API of any size allows, far above what a few
 * thousand connections need.
 */
const publicHost: HostLimits = { requestsPerSecond: 20, burst: 40, concurrency: 24 }
/** For a host of the operator's list, who knows its capacity. */
const privateHost: HostLimits = { requestsPerSecond: 1_000, burst: 1_000, concurrency: 64 }

/** The highest limits. A higher number is a mistake, and would limit nothing. */
const highest = { requestsPerSecond: 100_000, burst: 100_000, concurrency: 1_000 }

/** The limits of every origin. */
export type LimitsOf = (origin: string) => HostLimits

export type LimitedProvider = Pick<ProviderDefinition, 'api' | 'variables' | 'limits'>

/** Providers that may change: the same array until they do. */
export interface LimitedProviders {
  readonly all: readonly LimitedProvider[]
}

/**
 * The operator's word comes first, then the provider's data, then the default of the kind of host.
 *
 * @throws TypeError for a key that is no origin, or a limit that is none
 */
export function createLimits(options: {
  allow: readonly PrivateHost[]
  providers?: LimitedProviders | undefined
  limits?: Readonly<Record<string, HostLimits>> | undefined
}): LimitsOf {
  const { allow, providers = { all: [] }, limits = {} } = options
  const listed = new Map(allow.map(({ origin }) => [parseOrigin(origin).origin, privateHost]))
  const chosen = new Map(
    Object.entries(limits).map(([text, each]) => [
      parseOrigin(text).origin,
      checkLimits(text, each),
    ]),
  )
  let { all } = providers
  let defined = definedLimits(all)
  return (origin) => {
    if (all !== providers.all) {
      all = providers.all
      defined = definedLimits(all)
    }
    return chosen.get(origin) ?? defined.get(origin) ?? listed.get(origin) ?? publicHost
  }
}

function definedLimits(providers: readonly LimitedProvider[]): Map<string, HostLimits> {
  const defined = new Map<string, HostLimits>()
  for (const provider of providers) {
    const host = defaultHostOf(provider)
    if (provider.limits && host !== undefined) {
      defined.set(new URL(host).origin, checkLimits(host, provider.limits))
    }
  }
  return defined
}

/** What one of several replicas may take of the limits. Something always, so that none stands still. */
export function shareOf(limits: HostLimits, share: number): HostLimits {
  return {
    requestsPerSecond: limits.requestsPerSecond * share,
    burst: Math.max(1, limits.burst * share),
    concurrency: Math.max(1, Math.floor(limits.concurrency * share)),
  }
}

function checkLimits(origin: string, limits: HostLimits): HostLimits {
  const { requestsPerSecond, burst, concurrency } = limits
  const refuse = (name: keyof HostLimits, rule: string) =>
    new TypeError(`limits of ${origin}: ${name} must be ${rule}, not ${String(limits[name])}`)

  if (!(requestsPerSecond > 0 && requestsPerSecond <= highest.requestsPerSecond)) {
    throw refuse('requestsPerSecond', `above 0 and at most ${highest.requestsPerSecond}`)
  }
  if (!(burst >= 1 && burst <= highest.burst)) {
    throw refuse('burst', `from 1 to ${highest.burst}`)
  }
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= highest.concurrency)) {
    throw refuse('concurrency', `a whole number from 1 to ${highest.concurrency}`)
  }
  return { requestsPerSecond, burst, concurrency }
}
