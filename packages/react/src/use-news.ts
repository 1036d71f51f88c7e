import type { Connection } from '@keywell/protocol'
import { useEffect, useRef } from 'react'
import { labelOf } from './connection-row.tsx'
import { useKeywell, useTexts } from './context.ts'
import { titleOf } from './messages.ts'
import { managerTexts } from './texts/manager.ts'
import { fill } from './texts/texts.ts'

/**
 * Has screen readers say what changes in the list by itself: what was connected, disconnected or withdrawn elsewhere.
 *
 * @param options `isQuiet` while a modal dialog is open, which would not let it be heard, and says the same
 */
export function useNews(
  connections: readonly Connection[],
  { isRead, isQuiet }: { isRead: boolean; isQuiet: boolean },
): void {
  const keywell = useKeywell()
  const { manager } = useTexts(managerTexts)
  const before = useRef<readonly Connection[]>(undefined)
  useEffect(() => {
    const known = before.current
    if (!isRead) return
    before.current = connections
    if (known === undefined || isQuiet || known === connections) return
    const news = [
      ...known.filter((one) => !find(connections, one)).map((one) => [manager.gone, one] as const),
      ...connections.flatMap((one) => {
        const old = find(known, one)
        if (old === undefined) return [[manager.added, one] as const]
        return one.needsReauth && !old.needsReauth ? [[manager.attention, one] as const] : []
      }),
    ]
    const sentences = news.map(([text, one]) =>
      fill(text, { account: labelOf(one, titleOf(keywell, one.provider)) }),
    )
    if (sentences.length > 0) keywell.announce(sentences.join(' '))
  }, [connections, isQuiet, isRead, keywell, manager])
}

function find(connections: readonly Connection[], { id }: Connection): Connection | undefined {
  return connections.find((one) => one.id === id)
}
