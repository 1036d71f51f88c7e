import { KeywellError } from '@keywell/protocol'
/** A text that cannot be the base URL of an instance; the message says why, for a person. */
export class InvalidHost extends Error {
  override readonly name = 'InvalidHost'
}

const rootPath = /^(\/[A-Za-z0-9._~-]+)*\/?$/

/**
 * The one spelling of an instance's base URL: scheme, name and port in lower case, default port and
 * trailing dot removed, relative root kept, no slash at the end
 * (`HTTPS://GitLab.Example.:443/git/` is `https://gitlab.example/git`).
 *
 * Which of them may be reached is not asked here but by `Outbound.checkUrl`.
 *
 * @throws InvalidHost
 */
export function normalizeHost(text: string): string {
  const written = text.trim()
  if (!/^https?:\/\/[^/]/i.test(written)) {
    throw new InvalidHost('Write the host with its scheme, as in https://gitlab.example.')
  }
  // The parser would drop these, so that the host would look like another than it is.
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u.test(written)) {
    throw new InvalidHost(
      'The host has a line end or an invisible character in it. Write it by hand, or copy it again.',
    )
  }
  // The parser would silently turn "\" into "/" and walk up ".." segments.
  if (/[\\\s]|[?#@]|%|\/\.{1,2}(\/|$)/.test(written)) {
    throw new InvalidHost(
      'The host must be a plain base URL: no user name, query, fragment, spaces, escapes or dot segments.',
    )
  }
  const url = parse(written)
  if (!rootPath.test(url.pathname)) {
    throw new InvalidHost('The path of the host must be a relative root such as /gitlab.')
  }
  const host = url.host.replace(/\.(?=:|$)/, '')
  if (host === '' || /(^|\.)\.|^:|\.(:|$)/.test(host)) {
    throw new InvalidHost('The name of the host has an empty part.')
  }
  return `${url.protocol}//${host}${url.pathname.replace(/\/$/, '')}`
}

function parse(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new InvalidHost('This is not a URL.')
  }
}

/** @throws KeywellError `host_not_allowed` */
export function parseHost(text: string): string {
  try {
    return normalizeHost(text)
  } catch (error) {
    if (!(error instanceof InvalidHost)) throw error
    throw new KeywellError('host_not_allowed', error.message)
  }
}
