import type { UseConnection } from '@keywell/react'
import type { ReactElement, ReactNode } from 'react'
import { useIntegrationWords } from './integration-words.ts'
import { useLanguage } from './language.ts'
import { ago, dateAndTime } from './words.ts'

type Connection = NonNullable<UseConnection['connection']>

/** Which account it is, and what it may be used for; below that, what Acme has read there. */
export function ConnectedAccount({
  connection,
  children,
}: {
  connection: Connection
  children?: ReactNode
}): ReactElement {
  return (
    <div className="integration-body">
      <Facts connection={connection} />
      {children}
    </div>
  )
}

function Facts({ connection }: { connection: Connection }): ReactElement {
  const { account, createdAt, host, scopes, missingScopes, needsReauth } = connection
  const { language } = useLanguage()
  const words = useIntegrationWords()
  const { facts } = words
  return (
    <dl className="facts">
      <div>
        <dt>{facts.account}</dt>
        <dd>
          {account.name ?? account.username ?? account.id}
          <span className="quiet">
            {account.username && ` @${account.username}`} · {host.replace(/^https?:\/\//, '')}
          </span>
        </dd>
      </div>
      {scopes.length > 0 && (
        <div>
          <dt>{needsReauth ? facts.could : facts.may}</dt>
          <dd>
            <ul className="scopes">
              {scopes.map((scope) => (
                <li key={scope}>
                  {words.scopes[scope] ?? facts.otherScope} <code>{scope}</code>
                </li>
              ))}
            </ul>
          </dd>
        </div>
      )}
      {missingScopes.length > 0 && (
        <div>
          <dt>{facts.notGranted}</dt>
          <dd>
            <code>{missingScopes.join(', ')}</code>
          </dd>
        </div>
      )}
      <div>
        <dt>{facts.connected}</dt>
        <dd>
          <time dateTime={createdAt} title={dateAndTime(createdAt, language)}>
            {ago(createdAt, Date.now(), language)}
          </time>
        </dd>
      </div>
    </dl>
  )
}
