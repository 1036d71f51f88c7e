import type { IncomingMessage } from 'node:http'

/**
 * Whose request it is. Behind proxies of ours it is the address that the outermost of them saw: each
 * adds one to the right end of X-Forwarded-For, and what stands further left is the client's word.
 *
 * @param proxies how many of ours every request passes; 0: none, and the header counts for nothing
 */
export function clientAddress(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  proxies: number,
): string | undefined {
  if (proxies === 0) return request.socket.remoteAddress
  const forwarded = [request.headers['x-forwarded-for'] ?? ''].flat().join(',').split(',')
  const address = forwarded.at(-proxies)?.trim()
  return address === '' ? undefined : address
}
