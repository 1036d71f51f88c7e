import { providers } from '@keywell/providers'
import type { Logger } from '../logger.ts'
import type { FinishedCall } from '../outbound/outbound.ts'

/** Every path of a provider's API that the service calls, as the provider's data has it. */
const templates: readonly string[] = [
  ...new Set(
    providers.flatMap(({ oauth, identity, health, apiKeys }) =>
      [
        oauth.tokenPath,
        oauth.revokePath,
        ...[identity, apiKeys?.identity].flatMap((probe) => [probe?.path, probe?.fallback?.path]),
        health.path,
        apiKeys?.health.path,
      ].filter((path) => path !== undefined),
    ),
  ),
]

/** A line for each call to a provider, at `debug`: by the template of its path, and without a query. */
export function logCall(logger: Logger, { origin, pathname, ms, ...call }: FinishedCall): void {
  if (logger.isLevelEnabled?.('debug') === false) return
  const template = templates.find((each) => pathname.endsWith(each))
  const path = template ?? '/:other'
  logger.debug({ ...call, host: origin, path, ms: Math.round(ms) }, 'provider call finished')
}
