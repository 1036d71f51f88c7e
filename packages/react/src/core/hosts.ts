import type { CheckHost, HostCheck, routes } from '@keywell/protocol'
import type { KeywellClient } from './client.ts'

type HostsPath = (typeof routes.flows.checkHost)['path']

/**
 * Asks the service which instance of a provider a text means, and whether an account can be connected there.
 *
 * @throws ConnectError such as `host_not_allowed` for a text that is no address
 */
export function checkHost(
  client: Pick<KeywellClient, 'request'>,
  body: CheckHost,
): Promise<HostCheck> {
  const path: HostsPath = '/connect/hosts'
  return client.request(path, { method: 'POST', body })
}
