import type { ConnectTarget, StartOptions } from '../core/index.ts'

/** Attributes that `<keywell-connect>` reads. */
export const attributeNames: readonly string[] = [
  'provider',
  'endpoint',
  'host',
  'connection-name',
  'connection-id',
  'scopes',
  'scope-picker',
  'tools',
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
    scopes: readList(element, 'scopes'),
    method: read(element, 'method'),
    mode: mode === 'popup' || mode === 'redirect' ? mode : undefined,
  }
}

/** How the element lets its user choose scopes; undefined: not. @throws TypeError with `method="key"` */
export function pickerOf(
  element: Element,
): { readonly asksFirst: boolean; readonly tools: readonly string[] | undefined } | undefined {
  if (!element.hasAttribute('scope-picker')) return undefined
  if (read(element, 'method') === 'key') {
    throw new TypeError(
      'Keywell: <keywell-connect> got scope-picker and method="key". Name the scopes of the key: scopes="read_api". Its user ticks them at the provider.',
    )
  }
  const asksFirst = read(element, 'scope-picker') !== 'connected'
  return { asksFirst, tools: readList(element, 'tools') }
}

function readList(element: Element, name: string): string[] | undefined {
  return read(element, name)?.trim().split(/\s+/)
}

/** An attribute that is empty counts as none: templates write it for a value that they do not have. */
export function read(element: Element, name: string): string | undefined {
  return element.getAttribute(name) || undefined
}
