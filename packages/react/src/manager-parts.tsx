import type { Connection } from '@keywell/protocol'
import type { ReactElement } from 'react'
import { useScopesInWords } from './connection-row.tsx'
import { useTexts } from './context.ts'
import type { ProviderOptions } from './core/index.ts'
import { Fact } from './fact.tsx'
import { Icon } from './icons.tsx'
import { RelativeTime } from './relative-time.tsx'
import { managerTexts } from './texts/manager.ts'
import { statusTexts } from './texts/status.ts'

/** Places of accounts that are not read yet, as high as those will be. */
export function Skeleton(): ReactElement {
  const { manager } = useTexts(managerTexts)
  return (
    <ul data-keywell-connections="" aria-label={manager.loading}>
      {[1, 2].map((place) => (
        <li key={place} data-keywell-connection="" data-loading="" aria-hidden>
          <span />
          <span />
          <span />
          <span />
        </li>
      ))}
    </ul>
  )
}

/** That there is nothing to show yet, or nothing any more. */
export function Empty(): ReactElement {
  const { manager } = useTexts(managerTexts)
  return (
    <div data-keywell-empty="">
      <b>{manager.empty}</b> {manager.emptyHint}
    </div>
  )
}

export function Failure({ onRetry }: { onRetry: () => void }): ReactElement {
  const { manager } = useTexts(managerTexts)
  return (
    <div data-keywell-actions="" data-state="error" role="alert">
      <Icon name="alert" />
      <span data-keywell-note="">{manager.error}</span>
      <button type="button" onClick={onRetry}>
        {manager.retry}
      </button>
    </div>
  )
}

/** Of the dialog: all that the app may do, and when it last did. */
export function MoreFacts(props: {
  connection: Connection
  options: ProviderOptions | undefined
}): ReactElement {
  const { connection, options } = props
  const { manager } = useTexts(managerTexts)
  const { now } = useTexts(statusTexts).status
  const { provider, scopes, lastUsedAt } = connection
  const inWords = useScopesInWords(provider, options)
  return (
    <>
      <Fact name={manager.scopes}>
        <ul>
          {inWords(scopes).map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      </Fact>
      <Fact name={manager.used}>
        {lastUsedAt ? <RelativeTime at={lastUsedAt} now={now} /> : manager.never}
      </Fact>
    </>
  )
}
