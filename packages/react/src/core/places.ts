import type { ConnectOptions, PlaceView, routes } from '@keywell/protocol'
import { own } from '../own.ts'
import type { KeywellClient } from './client.ts'

type ProvidersPath = (typeof routes.flows.options)['path']

/**
 * Reads what a person is asked for to make the address of a provider, such as its subdomain; undefined where nothing
 * or the whole address is.
 *
 * @throws ConnectError
 */
export async function readPlace(
  client: Pick<KeywellClient, 'request'>,
  provider: string,
): Promise<PlaceView | undefined> {
  const path: ProvidersPath = '/connect/providers'
  const { places } = await client.request<Pick<ConnectOptions, 'places'>>(path, {})
  return own(places, provider)
}
