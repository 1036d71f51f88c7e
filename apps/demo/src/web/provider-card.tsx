import { ConnectButton, type ConnectStateName, useConnection, VariableField } from '@keywell/react'
import { type ReactElement, useId, useState } from 'react'
import type { Integration } from '../api.ts'
import { ConnectedAccount } from './connected-account.tsx'
import { IntegrationHead, StatusBadge, UnknownBanner } from './integration-head.tsx'
import { useIntegrationWords } from './integration-words.ts'
import { Items } from './items.tsx'

export interface ProviderCardProps {
  integration: Integration
  onConnected: () => void
  onDisconnected: () => void
}

/**
 * One integration, whichever it is: Keywell says its title, its method, and whether an account has an address of its
 * own. Where it has, its user says which, before the button is there.
 */
export function ProviderCard(props: ProviderCardProps): ReactElement {
  const { integration, onConnected, onDisconnected } = props
  const { provider, title, method, asksPlace } = integration
  const known = useConnection(provider)
  const { connection, status } = known
  const { about, items } = useIntegrationWords()
  const titleId = useId()
  const [step, setStep] = useState<ConnectStateName>('idle')
  const [host, setHost] = useState<string>()
  // Known for as long as the page is open: the button outlives the connection, and connects there again.
  if (connection && asksPlace && connection.host !== host) setHost(connection.host)
  const button = (
    <ConnectButton
      provider={provider}
      host={host}
      method={method.id}
      disconnectable
      onSuccess={onConnected}
      onEvent={setStep}
      onDisconnect={onDisconnected}
    />
  )
  return (
    <section className="card" aria-labelledby={titleId}>
      <IntegrationHead
        provider={provider}
        titleId={titleId}
        title={title}
        about={about[provider] ?? method.title}
        badge={<StatusBadge {...known} step={step} />}
      >
        {!asksPlace && button}
        {status === 'error' && <UnknownBanner />}
      </IntegrationHead>
      {asksPlace && (host !== undefined || status === 'ready') && (
        <div className="integration-body">
          {!connection && (
            <VariableField
              provider={provider}
              method={method.id}
              onChange={() => setHost(undefined)}
              onHost={(found) => setHost(found ?? undefined)}
            />
          )}
          {host !== undefined && <div className="integration-connect">{button}</div>}
        </div>
      )}
      {connection && (
        <ConnectedAccount connection={connection}>
          {connection.status === 'active' && (
            <Items
              provider={provider}
              title={items[provider] ?? title}
              connectionKey={`${connection.id}/${connection.generation}`}
              onAccessLost={() => void known.refresh()}
            />
          )}
        </ConnectedAccount>
      )}
    </section>
  )
}
