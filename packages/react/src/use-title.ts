import type { ProviderName } from '@keywell/protocol'
import { useKeywell } from './context.ts'
import { titleOf } from './messages.ts'
import { useBrand } from './use-connections.ts'

/** The title of a provider, which the page reads with the list of connections. */
export function useTitle(provider: ProviderName): string {
  useBrand(provider)
  return titleOf(useKeywell(), provider)
}
