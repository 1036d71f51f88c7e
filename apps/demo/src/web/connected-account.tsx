import type { UseConnection } from '@keywell/react'
import { type ReactElement, useState } from 'react'
import { Avatar } from './avatar.tsx'
import { DisconnectDialog } from './disconnect-dialog.tsx'
import { ago, dateAndTime } from './words.ts'

type Connection = NonNullable<UseConnection['connection']>

export interface ConnectedAccountProps {
  connection: Connection
  disconnect: UseConnection['disconnect']
  onDisconnected: () => void
}

/** The account, its permissions, and the button that disconnects it. */
export function ConnectedAccount(props: ConnectedAccountProps): ReactElement {
  const { connection, disconnect, onDisconnected } = props
  const { account } = connection
  const [asking, setAsking] = useState(false)
  const name = account.name ?? account.username ?? `Account ${account.id}`
  return (
    <div className="integration-body">
      <div className="account">
        <Avatar name={name} large />
        <div>
          <p className="account-name">{name}</p>
          <p className="quiet">
            {account.username && `@${account.username} · `}
            {connection.host.replace(/^https?:\/\//, '')}
          </p>
        </div>
        <button type="button" className="button" onClick={() => setAsking(true)}>
          Disconnect
        </button>
      </div>
      <Facts connection={connection} />
      {asking && (
        <DisconnectDialog
          disconnect={disconnect}
          onDisconnected={onDisconnected}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  )
}

function Facts({ connection }: { connection: Connection }): ReactElement {
  const { createdAt, scopes, missingScopes, needsReauth } = connection
  return (
    <dl className="facts">
      <div>
        <dt>{needsReauth ? 'Acme could' : 'Acme may'}</dt>
        <dd>
          <ul className="scopes">
            {scopes.map((scope) => (
              <li key={scope}>
                {scopeSentences[scope] ?? 'Use'} <code>{scope}</code>
              </li>
            ))}
          </ul>
        </dd>
      </div>
      {missingScopes.length > 0 && (
        <div>
          <dt>Not granted</dt>
          <dd>
            <code>{missingScopes.join(', ')}</code>
          </dd>
        </div>
      )}
      <div>
        <dt>Connected</dt>
        <dd>
          <time dateTime={createdAt} title={dateAndTime(createdAt)}>
            {ago(createdAt, Date.now())}
          </time>
        </dd>
      </div>
    </dl>
  )
}

/** The scopes that Acme asks for, and those that come with them. */
const scopeSentences: Readonly<Record<string, string>> = {
  read_api: 'Read your projects, issues and merge requests',
  read_user: 'Read your profile',
  openid: 'Know who you are',
}
