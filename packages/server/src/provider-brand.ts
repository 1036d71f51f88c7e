import type { ProviderBrand, ProviderDefinition } from '@keywell/protocol'

/** How people know a provider. */
export function brandOf({ title, mark }: ProviderDefinition): ProviderBrand {
  return { title, mark: mark ?? null }
}
