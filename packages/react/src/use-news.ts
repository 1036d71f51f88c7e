import type { Connection } from '@keywell/protocol'
import { useEffect, useRef } from 'react'
import { accountLabel, type KnownProviders } from './account-words.ts'
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
  { known, isRead, isQuiet }: { known: KnownProviders; isRead: boolean; isQuiet: boolean },
): void {
  const keywell = useKeywell()
  const { manager } = useTexts(managerTexts)
  const previous = useRef<readonly Connection[]>(undefined)
  useEffect(() => {
    const old = previous.current
    if (!isRead) return
    previous.current = connections
    if (old === undefined || isQuiet || old === connections) return
    const news = [
      ...old.filter((one) => !find(connections, one)).map((one) => [manager.gone, one] as const),
      ...connections.flatMap((one) => {
        const before = find(old, one)
        if (before === undefined) return [[manager.added, one] as const]
        return one.needsReauth && !before.needsReauth ? [[manager.attention, one] as const] : []
      }),
    ]
    const sentences = news.map(([text, one]) =>
      fill(text, { account: accountLabel(one, { title: titleOf(keywell, one.provider), known }) }),
    )
    if (sentences.length > 0) keywell.announce(sentences.join(' '))
  }, [connections, isQuiet, isRead, keywell, known, manager])
}

function find(connections: readonly Connection[], { id }: Connection): Connection | undefined {
  return connections.find((one) => one.id === id)
}
