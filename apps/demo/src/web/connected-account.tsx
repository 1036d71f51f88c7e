import type { UseConnection } from '@keywell/react'
import type { ReactElement } from 'react'
import { ago, dateAndTime } from './words.ts'

type Connection = NonNullable<UseConnection['connection']>

/** Which account it is, and what it may be used for. */
export function ConnectedAccount({ connection }: { connection: Connection }): ReactElement {
  return (
    <div className="integration-body">
      <Facts connection={connection} />
    </div>
  )
}

function Facts({ connection }: { connection: Connection }): ReactElement {
  const { account, createdAt, host, scopes, missingScopes, needsReauth } = connection
  return (
    <dl className="facts">
      <div>
        <dt>Account</dt>
        <dd>
          {account.name ?? account.username ?? account.id}
          <span className="quiet">
            {account.username && ` @${account.username}`} · {host.replace(/^https?:\/\//, '')}
          </span>
        </dd>
      </div>
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
  read_repository: 'Read your code',
  api: 'Do everything you can do',
  openid: 'Know who you are',
}
