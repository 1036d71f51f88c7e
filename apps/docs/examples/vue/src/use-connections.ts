import {
  type ConnectionsSnapshot,
  followConnections,
  type KeywellClient,
} from '@keywell/react/core'
import { onMounted, onUnmounted, type ShallowRef, shallowRef } from 'vue'

/** The user's connections, read again whenever one changes, while the component is on the page. */
export function useConnections({ connections }: KeywellClient): ShallowRef<ConnectionsSnapshot> {
  const snapshot = shallowRef(connections.getSnapshot())
  const stops: (() => void)[] = []
  const read = () => {
    snapshot.value = connections.getSnapshot()
  }
  // Not before: a server has no list to read.
  onMounted(() => stops.push(connections.subscribe(read), followConnections(connections)))
  onUnmounted(() => {
    for (const stop of stops) stop()
  })
  return snapshot
}
