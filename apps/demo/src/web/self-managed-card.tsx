import {
  ConnectButton,
  type ConnectStateName,
  HostField,
  ScopePicker,
  useConnections,
} from '@keywell/react'
import { type ReactElement, useId, useState } from 'react'
import type { Me } from '../api.ts'
import { ConnectedAccount } from './connected-account.tsx'
import { IntegrationHead, isUnderWay, StatusBadge } from './integration-head.tsx'
import { useIntegrationWords } from './integration-words.ts'

export interface SelfManagedCardProps {
  me: Me
  onConnected: () => void
  onDisconnected: () => void
}

/**
 * A GitLab whose address only its users know. They type it, choose what Acme may do there, and connect; the button
 * stays in its place from then on, so that the focus does.
 */
export function SelfManagedCard(props: SelfManagedCardProps): ReactElement {
  const { me, onConnected, onDisconnected } = props
  const words = useIntegrationWords()
  const titleId = useId()
  const mainHost = me.gitlabHost ?? 'https://gitlab.com'
  const { connections, status } = useConnections()
  const connection = connections.find(
    (one) => one.provider === 'gitlab' && one.name === 'default' && one.host !== mainHost,
  )
  const [host, setHost] = useState<string>()
  const [step, setStep] = useState<ConnectStateName>('idle')
  const [scopes, setScopes] = useState<string[]>()
  // Known for as long as the page is open: the button outlives the connection, and connects there again.
  if (connection && connection.host !== host) setHost(connection.host)
  const isOther = host !== undefined && host !== mainHost
  return (
    <section className="card" aria-labelledby={titleId}>
      <IntegrationHead
        provider="gitlab"
        titleId={titleId}
        title={words.selfManaged.title}
        about={words.selfManaged.about}
        badge={
          (connection || isUnderWay(step)) && <StatusBadge {...{ connection, status, step }} />
        }
      />
      {(isOther || status === 'ready') && (
        <div className="integration-body">
          {!connection && (
            <>
              <HostField
                provider="gitlab"
                defaultValue={host}
                onChange={() => setHost(undefined)}
                onHost={(found) => setHost(found ?? undefined)}
              />
              <Example address={me.selfManagedHost} />
              <p role="status" className="host-answer">
                {host === mainHost && words.selfManaged.same}
              </p>
              {isOther && (
                <ScopePicker provider="gitlab" host={host} value={scopes} onChange={setScopes} />
              )}
            </>
          )}
          {isOther && (
            <div className="integration-connect">
              <ConnectButton
                provider="gitlab"
                host={host}
                scopes={scopes}
                scopePicker={{ onConnect: false }}
                disconnectable
                onSuccess={onConnected}
                onEvent={setStep}
                onDisconnect={onDisconnected}
              />
            </div>
          )}
        </div>
      )}
      {connection && <ConnectedAccount connection={connection} />}
    </section>
  )
}

function Example({ address }: { address: string | null }): ReactElement | null {
  const { example } = useIntegrationWords().selfManaged
  const [before, after] = example
  if (address === null) return null
  return (
    <p className="quiet">
      {before} <code>{address}</code> {after}
    </p>
  )
}
