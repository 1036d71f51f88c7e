import { ConnectButton, type ConnectStateName, ScopePicker } from '@keywell/react'
import { type ReactElement, useId, useState } from 'react'
import { ConnectedAccount } from './connected-account.tsx'
import { IntegrationHead, type Known, StatusBadge, UnknownBanner } from './integration-head.tsx'
import { useIntegrationWords } from './integration-words.ts'

export interface GitLabCardProps {
  host: string | undefined
  gitlab: Known
  onConnected: () => void
  onDisconnected: () => void
}

/**
 * The whole life of one integration. What goes wrong on the way, that the access is gone, and how to disconnect,
 * the Connect button says by itself; `keywell.css` gives its words the place of a banner in this card.
 */
export function GitLabCard(props: GitLabCardProps): ReactElement {
  const { host, gitlab, onConnected, onDisconnected } = props
  const { connection, status } = gitlab
  const words = useIntegrationWords()
  const titleId = useId()
  const [step, setStep] = useState<ConnectStateName>('idle')
  const [scopes, setScopes] = useState<string[]>()
  return (
    <section className="card" aria-labelledby={titleId}>
      <IntegrationHead
        provider="gitlab"
        titleId={titleId}
        title="GitLab"
        about={words.about.gitlab ?? ''}
        badge={<StatusBadge {...gitlab} step={step} />}
      >
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
        {status === 'error' && <UnknownBanner />}
      </IntegrationHead>
      {status === 'ready' && !connection && (
        <div className="integration-body">
          <ScopePicker provider="gitlab" host={host} value={scopes} onChange={setScopes} />
          <p className="quiet">{words.tokens}</p>
        </div>
      )}
      {connection && <ConnectedAccount connection={connection} />}
    </section>
  )
}
