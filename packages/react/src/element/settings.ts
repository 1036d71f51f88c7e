import type { ConnectTarget, StartOptions } from '../core/index.ts'

/** Attributes that `<keywell-connect>` reads. */
export const attributeNames: readonly string[] = [
  'provider',
  'endpoint',
  'host',
  'connection-name',
  'connection-id',
  'scopes',
  'method',
  'mode',
  'lang',
  'size',
  'variant',
  'disabled',
  'no-reconnect',
  'disconnectable',
  'manageable',
]

/** @throws TypeError where `provider` is missing, or no name of one */
export function targetOf(element: Element): ConnectTarget {
  const provider = element.getAttribute('provider') ?? ''
  const connectionId = read(element, 'connection-id')
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(provider)) {
    throw new TypeError(
      'Keywell: <keywell-connect> needs a provider. Write its name in the catalogue: provider="gitlab".',
    )
  }
  return {
    provider,
    host: read(element, 'host'),
    connectionName: read(element, 'connection-name'),
    // Written by the page's author, and refused by the service if it is none.
    connectionId: connectionId as ConnectTarget['connectionId'],
  }
}

export function optionsOf(element: Element): StartOptions {
  const mode = read(element, 'mode')
  return {
    scopes: read(element, 'scopes')?.trim().split(/\s+/),
    method: read(element, 'method') === 'key' ? 'key' : undefined,
    mode: mode === 'popup' || mode === 'redirect' ? mode : undefined,
  }
}

/** An attribute that is empty counts as none: templates write it for a value that they do not have. */
export function read(element: Element, name: string): string | undefined {
  return element.getAttribute(name) || undefined
}
