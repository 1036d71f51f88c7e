import type { ProviderName } from '@keywell/protocol'
import { useCallback, useEffect, useState } from 'react'
import type { KnownProviders } from './account-words.ts'
import type { ConnectButtonProps } from './connect-button-props.ts'
import { useKeywell } from './context.ts'
import { type ProviderOptions, readProviders } from './core/index.ts'

/** An account that can be connected. */
export type AccountOffer = Pick<ConnectButtonProps, 'provider' | 'host' | 'scopes' | 'method'>

export interface Offers {
  /** Undefined: it is not known yet. */
  readonly offers: readonly AccountOffer[] | undefined
  readonly known: KnownProviders
  readonly isFailed: boolean
  readonly retry: () => void
}

/**
 * What can be connected: what the app names, else all that the service offers the user.
 *
 * @param isReady whether it is needed yet
 * @param provider the only one that counts
 * @param providers what the app names
 */
export function useOffers(
  isReady: boolean,
  provider: ProviderName | undefined,
  providers: readonly (ProviderName | AccountOffer)[] | undefined,
): Offers {
  const { client } = useKeywell()
  const [options, setOptions] = useState<readonly ProviderOptions[]>()
  const [isFailed, setFailed] = useState(false)
  const retry = useCallback(() => {
    setFailed(false)
    readProviders(client).then(setOptions, () => setFailed(true))
  }, [client])
  useEffect(() => {
    if (isReady) retry()
  }, [isReady, retry])
  const all =
    providers?.map((one) => (typeof one === 'string' ? { provider: one } : one)) ??
    options?.flatMap(offersOf)
  const offers = all?.filter((one) => provider === undefined || one.provider === provider)
  return {
    offers,
    known: options ?? (isFailed ? [] : undefined),
    isFailed: isFailed && offers === undefined,
    retry,
  }
}

/** One for each host; with one alone the service knows which, and with none its user says it. */
function offersOf({ name, hosts }: ProviderOptions): AccountOffer[] {
  if (hosts.length <= 1) return [{ provider: name }]
  return hosts.map((host) => ({ provider: name, host }))
}
