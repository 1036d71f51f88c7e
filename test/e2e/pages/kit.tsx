'use client'

/** All of the kit on one page, as an app would use it; a provider is around it. */
import {
  ConnectButton,
  ConnectionStatus,
  ConnectionsManager,
  HostField,
  ScopePicker,
  useConnection,
} from '@keywell/react'
import { type ReactElement, useState } from 'react'

export function Kit(): ReactElement {
  const [scopes, setScopes] = useState<string[]>()
  const [host, setHost] = useState<string | null>(null)
  const { connection } = useConnection('gitlab')
  return (
    <>
      <section aria-label="Sign in">
        <ScopePicker provider="gitlab" value={scopes} onChange={setScopes} />
        <ConnectButton provider="gitlab" scopes={scopes} scopePicker={{ onConnect: false }} />
        <p>{connection ? <ConnectionStatus connection={connection} /> : 'Nobody yet'}</p>
      </section>
      <section aria-label="Key">
        <ConnectButton
          provider="gitlab"
          method="key"
          connectionName="key"
          scopes={['read_api']}
          variant="outline"
        />
      </section>
      <section aria-label="Address">
        <HostField provider="gitlab" onHost={setHost} />
        <p>{host === null ? 'No address yet' : `Found: ${host}`}</p>
      </section>
      <ConnectionsManager />
    </>
  )
}
