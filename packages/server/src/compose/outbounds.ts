import { createCallLog } from '../oauth/call-log.ts'
import type { KeywellOptions } from '../options.ts'
import { createOutbound, type Outbound } from '../outbound/outbound.ts'
import type { Platform } from './platform.ts'

/** Calls to other hosts, by what they are for. Each has host limiters of its own. */
export interface Outbounds {
  toProviders: Outbound
  /** Receivers of webhooks that fail must not hold back a provider on the same host. */
  toReceivers: Outbound
}

/** A tenant that may connect a private GitLab must not have messages posted to it, so the lists are two. */
export function createOutbounds(
  { catalogue, logger, tracing }: Pick<Platform, 'catalogue' | 'logger' | 'tracing'>,
  { privateHosts = [], privateWebhookHosts = [], egressProxy, limits }: KeywellOptions,
): Outbounds {
  const toProviders = createOutbound({
    egressProxy,
    tracing,
    allow: privateHosts,
    elsewhere: privateWebhookHosts,
    providers: catalogue,
    limits,
    onCall: createCallLog(logger, catalogue),
  })
  catalogue.onChange(() => toProviders.hosts.readLimits())
  toProviders.hosts.onThrottled(({ origin: host, state, retryAfterMs }) => {
    logger.warn({ host, state, retryAfterMs }, 'host throttled')
  })
  const toReceivers = createOutbound({
    egressProxy,
    tracing,
    allow: privateWebhookHosts,
    elsewhere: privateHosts,
  })
  return { toProviders, toReceivers }
}
