import { ConnectButton, type ConnectView } from '@keywell/react'
import type { ReactElement } from 'react'
import type { ConnectEntry, EntryAnswer } from '../../assistant-api.ts'
import { isUnderWay } from '../integration-head.tsx'
import { useIntegrationWords } from '../integration-words.ts'
import { useAssistantWords } from './assistant-words.ts'
import { QuestionCard } from './question-card.tsx'

const provider = 'gitlab'
const title = 'GitLab'

interface ConnectCardProps {
  entry: ConnectEntry
  host: string | undefined
  arrives: boolean
  onAnswer: (answer: EntryAnswer) => void
}

/** Asks for what a call lacks: an account, or the scopes that are missing and no others. */
export function ConnectCard(props: ConnectCardProps): ReactElement {
  const { entry, arrives } = props
  const { connect: words } = useAssistantWords()
  const { scopes } = useIntegrationWords()
  const open = entry.state === 'open'
  return (
    <QuestionCard title={words[entry.state]} open={open} arrives={arrives}>
      {open && <p>{entry.scopes.length > 0 ? words.scopes(title) : words.account(title)}</p>}
      {entry.scopes.length > 0 && (
        <ul className="scopes">
          {entry.scopes.map((scope) => (
            <li key={scope}>
              {scopes[scope]} <code>{scope}</code>
            </li>
          ))}
        </ul>
      )}
      {open && <Actions {...props} />}
    </QuestionCard>
  )
}

function Actions({ entry, host, onAnswer }: ConnectCardProps): ReactElement {
  const { connect: words } = useAssistantWords()
  return (
    <ConnectButton
      provider={provider}
      host={host}
      scopes={entry.scopes}
      onSuccess={() => onAnswer('connected')}
      // A connected button would open the account; here a click asks for the scopes.
      render={(props, view) => (
        <div className="question-actions">
          <button {...props}>
            {isUnderWay(view.state.name) ? view.label : words.allow(title)}
          </button>
          <OnTheWay view={view} />
          {!isUnderWay(view.state.name) && (
            <button type="button" className="button" onClick={() => onAnswer('decline')}>
              {words.decline}
            </button>
          )}
        </div>
      )}
    />
  )
}

/** What can be done while a window is open, and after it could not be. */
function OnTheWay({ view }: { view: ConnectView }): ReactElement {
  const { connect: words } = useAssistantWords()
  const { name } = view.state
  return (
    <>
      {name === 'waiting' && (
        <>
          <button type="button" className="button" onClick={() => view.start()}>
            {words.reopen}
          </button>
          <button type="button" className="button" onClick={view.cancel}>
            {words.cancel}
          </button>
        </>
      )}
      {name === 'blocked' && (
        <button type="button" className="button" onClick={() => view.start({ mode: 'redirect' })}>
          {words.here}
        </button>
      )}
      {view.note && name !== 'needs_reauth' && <p className="quiet question-note">{view.note}</p>}
    </>
  )
}
