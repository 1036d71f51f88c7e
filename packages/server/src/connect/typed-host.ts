import type { ProviderDefinition } from '@keywell/protocol'
import { hostOf, isHostOf, pastedVariable, placeVariableOf, takeVariable } from '@keywell/providers'
import { InvalidHost, normalizeHost } from '../host.ts'

/** Segments of a path that may be a relative root. Each is one more address that is asked. */
const maxRootSegments = 3

/** `git@gitlab.example:group/project.git`, as a repository is cloned. */
const cloneAddress = /^(?:ssh:\/\/)?git@([^/:@\s]+)[/:]/i

/**
 * The base URLs that a person can mean by what they typed or pasted: `gitlab.example/`, the address of a project, a
 * relative root. The first has no path, and each that follows one segment more, since an address does not say where
 * the root ends: `https://example.com/git/group/project` gives `https://example.com`, `https://example.com/git` and
 * so on.
 *
 * @throws InvalidHost
 */
export function readTypedHost(text: string): string[] {
  const url = readAddress(text)
  const hosts = [normalizeHost(url.origin)]
  for (const segment of url.pathname.split('/').slice(1, maxRootSegments + 1)) {
    // Not the name of a root. A lone dash is where GitLab's own pages begin.
    if (!/^[A-Za-z0-9._~-]+$/.test(segment) || segment === '-') break
    hosts.push(normalizeHost(`${hosts.at(-1)}/${segment}`))
  }
  return hosts
}

/**
 * The same for a provider: where it is at many addresses, the one that the typed word makes whole (`acme`, for
 * `https://acme.example.com`), or that an address is cut down to. The one there is, where there is but one.
 *
 * @throws InvalidHost
 */
export function readTypedPlace(provider: ProviderDefinition, text: string): string[] {
  const name = placeVariableOf(provider)
  const variable = name === undefined ? undefined : provider.variables[name]
  if (name === undefined || variable === undefined) return [provider.api.base]
  if (variable.kind === 'host') {
    return readTypedHost(text).map((host) =>
      isHostOf(provider, host) ? host : hostOf(provider, { [name]: host }),
    )
  }
  const value = takeVariable(variable, text) ?? pastedVariable(provider, readAddress(text))
  if (value !== undefined) return [hostOf(provider, { [name]: value })]
  const hosts = readTypedHost(text).filter((host) => isHostOf(provider, host))
  if (hosts.length > 0) return hosts
  throw new InvalidHost(`Write the address as in ${provider.api.base.replace('https://', '')}.`)
}

/** @throws InvalidHost */
function readAddress(text: string): URL {
  const typed = text.trim()
  const [, cloned] = cloneAddress.exec(typed) ?? []
  return parse(cloned === undefined ? typed : `https://${cloned}`)
}

function parse(typed: string): URL {
  if (/[\\\s\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/u.test(typed)) {
    throw new InvalidHost('The address has a blank, a backslash or an invisible character in it.')
  }
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(typed) ? typed : `https://${typed}`
  const url = urlOf(withScheme)
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidHost('Write the address as in git.example or https://git.example.')
  }
  // It may be a secret: repositories are cloned with a token there.
  if (url.username !== '' || url.password !== '') {
    throw new InvalidHost('Write the address without a user name.')
  }
  return url
}

/** Not by `URL.canParse`: once it is compiled, that of Node 20 refuses what has a letter such as `ü`. */
function urlOf(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
