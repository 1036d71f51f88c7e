import type { PlaceView, ProviderDefinition } from '@keywell/protocol'
import { hostOf, placeVariableOf } from '@keywell/providers'

/** The hosts of a provider that is at one of a few. */
export function choosableHosts(provider: ProviderDefinition): string[] {
  const name = placeVariableOf(provider)
  const variable = name === undefined ? undefined : provider.variables[name]
  if (name === undefined || variable?.kind !== 'choice') return []
  return variable.options.map(({ value }) => hostOf(provider, { [name]: value }))
}

/**
 * What a person is asked for to find the host of a provider: null where there is nothing to ask, and where it is the
 * address of an instance.
 */
export function viewPlace(provider: ProviderDefinition): PlaceView | null {
  const name = placeVariableOf(provider)
  const variable = name === undefined ? undefined : provider.variables[name]
  const { base } = provider.api
  switch (variable?.kind) {
    case 'label':
    case 'segment': {
      const { kind, title } = variable
      return { kind, title, example: base.replace(/\{[^{}]*\}/, '…'), options: [] }
    }
    case 'choice': {
      const { kind, title, options } = variable
      return { kind, title, example: null, options: options.map((option) => ({ ...option })) }
    }
    default:
      return null
  }
}
