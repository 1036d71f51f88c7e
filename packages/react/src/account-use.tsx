import type { Connection } from '@keywell/protocol'
import type { ReactElement } from 'react'
import { useKeywell, useTexts } from './context.ts'
import type { ProviderOptions } from './core/index.ts'
import { Fact } from './fact.tsx'
import { Filled } from './filled.tsx'
import { useParts } from './parts.ts'
import { RelativeTime } from './relative-time.tsx'
import { managerTexts } from './texts/manager.ts'
import { statusTexts } from './texts/status.ts'
import { fill } from './texts/texts.ts'
import { useScopesInWords } from './use-scopes-in-words.ts'

export interface AccountUseProps {
  connection: Connection
  /** What the service says of its provider; undefined: nothing. */
  options: ProviderOptions | undefined
}

/** In a row: what the account may be used for, when it last was, and for how long it will be. */
export function AccountUse({ connection, options }: AccountUseProps): ReactElement {
  const { manager } = useTexts(managerTexts)
  const { lastUsedAt, endsAt, needsReauth } = connection
  return (
    <>
      <Scopes connection={connection} options={options} />
      {lastUsedAt && <When text={manager.lastUsed} at={lastUsedAt} />}
      {!needsReauth && endsAt && <When text={manager.ends} at={endsAt} />}
    </>
  )
}

/** What was not granted, and the first of what was. */
function Scopes({ connection, options }: AccountUseProps): ReactElement {
  const { locale } = useKeywell()
  const { manager } = useTexts(managerTexts)
  const { provider, scopes, missingScopes } = connection
  const inWords = useScopesInWords(provider, options)
  const [first, ...more] = inWords(scopes)
  const missing = new Intl.ListFormat(locale).format(inWords(missingScopes))
  const part = useParts()
  const several = { scope: first ?? '', count: String(more.length) }
  return (
    <>
      {missing && <p {...part('missing')}>{fill(manager.missing, { list: missing })}</p>}
      {first && <p {...part('use')}>{more.length > 0 ? fill(manager.andMore, several) : first}</p>}
    </>
  )
}

function When({ text, at }: { text: string; at: string }): ReactElement {
  const { now } = useTexts(statusTexts).status
  const part = useParts()
  return (
    <p {...part('use')}>
      <Filled text={text} values={{ when: <RelativeTime at={at} now={now} /> }} />
    </p>
  )
}

/** In the dialog: all that the app may do, and when it last did. */
export function AccountUseFacts({ connection, options }: AccountUseProps): ReactElement {
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
