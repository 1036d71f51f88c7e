import type { PlaceView } from '@keywell/protocol'
import { useEffect, useState } from 'react'
import { useKeywell } from './context.ts'
import { readPlace } from './core/index.ts'

/**
 * What makes the address of a provider. Undefined at first, as on a server, and where it is the whole address.
 *
 * @param provider undefined: nothing is asked for
 */
export function usePlace(provider: string | undefined): PlaceView | undefined {
  const { client } = useKeywell()
  const [place, setPlace] = useState<PlaceView>()
  useEffect(() => {
    if (provider === undefined) return
    let isShown = true
    const show = (found: PlaceView | undefined) => isShown && setPlace(found)
    // Without it any address may be typed, and the check of it says what is wrong.
    readPlace(client, provider).then(show, () => {})
    return () => {
      isShown = false
    }
  }, [client, provider])
  return place
}
