import type { ReactElement } from 'react'
import { fetchItems } from './acme-api.ts'
import { useIntegrationWords } from './integration-words.ts'
import { useAnswer } from './use-answer.ts'

export interface ItemsProps {
  provider: string
  /** What they are: `Your repositories`. */
  title: string
  /** Changes when they have to be read again. */
  connectionKey: string
  /** The access turned out to be gone: what is known of the connection is old. */
  onAccessLost: () => void
}

/** What Acme's backend has read at a provider, with the credential of this connection. */
export function Items({ provider, title, connectionKey, onAccessLost }: ItemsProps): ReactElement {
  const words = useIntegrationWords()
  const { answer, reload } = useAnswer(
    (signal) => fetchItems(provider, signal),
    connectionKey,
    ({ code }) => {
      if (code === 'needs_reauth' || code === 'not_connected') onAccessLost()
    },
  )
  return (
    <div aria-busy={answer.state === 'loading'}>
      <h3 className="items-title">{title}</h3>
      {answer.state === 'loading' && <p className="quiet">{words.loading}</p>}
      {answer.state === 'ready' && answer.value.items.length === 0 && (
        <p className="quiet">{words.noItems}</p>
      )}
      {answer.state === 'ready' && answer.value.items.length > 0 && (
        <ul className="items">
          {answer.value.items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      )}
      {answer.state === 'failed' && (
        <div role="alert">
          <p lang="en">{answer.error.message}</p>
          <button type="button" className="button banner-button" onClick={reload}>
            {words.again}
          </button>
        </div>
      )}
    </div>
  )
}
