'use client'

import { useEffect } from 'react'
import { useKeywell } from './context.ts'
import { followConnections } from './core/index.ts'
import { type UseConnections, useConnections } from './use-connections.ts'

/** All connections of the signed-in user, read again whenever a connection changes here or elsewhere, while the page is visible. */
export function useLiveConnections(): UseConnections {
  const { connections } = useKeywell().client
  useEffect(() => followConnections(connections), [connections])
  return useConnections()
}
