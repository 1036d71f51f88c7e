import type { ReactElement } from 'react'
import { useKeywell, useTexts } from './context.ts'
import { Icon } from './icons.tsx'
import { useParts } from './parts.ts'
import { managerTexts } from './texts/manager.ts'
import { fill } from './texts/texts.ts'

/** That there is nothing to show yet, or nothing any more. */
export function Empty(): ReactElement {
  const { manager } = useTexts(managerTexts)
  const part = useParts()
  return (
    <div {...part('empty')}>
      <b>{manager.empty}</b> {manager.emptyHint}
    </div>
  )
}

export function Failure({ onRetry }: { onRetry: () => void }): ReactElement {
  const { manager } = useTexts(managerTexts)
  const part = useParts()
  return (
    <div {...part('actions')} data-state="error" role="alert">
      <Icon name="alert" />
      <span {...part('note')}>{manager.error}</span>
      <button type="button" {...part('action')} onClick={onRetry}>
        {manager.retry}
      </button>
    </div>
  )
}

/** How many of all are shown, and a button for more. */
export function More(props: { shown: number; total: number; onMore: () => void }): ReactElement {
  const { locale } = useKeywell()
  const { manager } = useTexts(managerTexts)
  const part = useParts()
  const number = new Intl.NumberFormat(locale)
  const numbers = { shown: number.format(props.shown), total: number.format(props.total) }
  return (
    <p {...part('more')}>
      {fill(manager.shown, numbers)}
      <button
        type="button"
        {...part('button')}
        data-size="sm"
        data-variant="outline"
        onClick={props.onMore}
      >
        {manager.more}
      </button>
    </p>
  )
}
