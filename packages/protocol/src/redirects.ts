/** How a request that carries a user's credential follows a redirect: the same in the SDK and in the service. */

export const maxRedirects = 5

/**
 * Headers of a caller that may follow a redirect to somewhere else. Any other may hold a secret, whatever
 * its name: providers have `PRIVATE-TOKEN`, `JOB-TOKEN`, `X-Api-Key`.
 */
export const harmlessHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'range',
  'user-agent',
])

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308]

export function isRedirect(status: number): boolean {
  return redirectStatuses.includes(status)
}

/** The parts of a URL that decide; a `URL` of any platform has them. */
interface Address {
  readonly origin: string
  readonly pathname: string
  readonly username: string
  readonly password: string
}

/** Whether an address is below the base URL of an instance, relative root included. */
export function isBelow(base: Address, address: Address): boolean {
  const root = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`
  const isPlain = address.username === '' && address.password === ''
  return isPlain && address.origin === base.origin && `${address.pathname}/`.startsWith(root)
}
