import {
  ConnectButton,
  type ConnectStateName,
  ProviderMark,
  ScopePicker,
  type UseConnection,
} from '@keywell/react'
import { type ReactElement, useState } from 'react'
import { ConnectedAccount } from './connected-account.tsx'
import { AlertIcon } from './icons.tsx'
import { useLanguage } from './language.ts'

export interface GitLabCardProps {
  host: string | undefined
  gitlab: UseConnection
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
  const { language } = useLanguage()
  const [step, setStep] = useState<ConnectStateName>('idle')
  const [scopes, setScopes] = useState<string[]>()
  return (
    <section className="card" aria-labelledby="gitlab-title">
      <div className="integration-head">
        <span className="integration-mark">
          <ProviderMark provider="gitlab" size={24} />
        </span>
        <div>
          <div className="integration-title">
            <h2 id="gitlab-title">GitLab</h2>
            <StatusBadge gitlab={gitlab} step={step} />
          </div>
          <p className="quiet">Projects, issues and merge requests</p>
        </div>
        <ConnectButton
          provider="gitlab"
          host={host}
          lang={language}
          scopes={scopes}
          scopePicker={{ onConnect: false }}
          disconnectable
          onSuccess={onConnected}
          onEvent={setStep}
          onDisconnect={onDisconnected}
        />
        {status === 'error' && <UnknownBanner />}
      </div>
      {status === 'ready' && !connection && (
        <div className="integration-body">
          <ScopePicker provider="gitlab" host={host} value={scopes} onChange={setScopes} />
          <p className="quiet">
            Acme reads your projects. More is for what you ask it to do. Tokens are kept sealed by
            Keywell, and never reach this page.
          </p>
        </div>
      )}
      {connection && <ConnectedAccount connection={connection} />}
    </section>
  )
}

/** What the button is about to do says more than what the list has said before. */
function StatusBadge(props: { gitlab: UseConnection; step: ConnectStateName }): ReactElement {
  const { connection, status } = props.gitlab
  if (isUnderWay(props.step)) return <Badge tone="plain" text="Connecting …" />
  if (connection?.status === 'active') {
    return connection.health.status === 'degraded' ? (
      <Badge tone="warning" text="Connected, with problems" />
    ) : (
      <Badge tone="good" text="Connected" />
    )
  }
  if (connection?.needsReauth) return <Badge tone="warning" text="Needs your attention" />
  if (status === 'loading') return <Badge tone="plain" text="Checking …" />
  if (status === 'error') return <Badge tone="plain" text="Unknown" />
  return <Badge tone="plain" text="Not connected" />
}

function isUnderWay(step: ConnectStateName): boolean {
  return step === 'opening' || step === 'waiting' || step === 'confirming'
}

function Badge({ tone, text }: { tone: 'good' | 'warning' | 'plain'; text: string }): ReactElement {
  return (
    <span className="badge" data-tone={tone}>
      {text}
    </span>
  )
}

function UnknownBanner(): ReactElement {
  return (
    <div className="banner" data-tone="warning" role="alert">
      <AlertIcon />
      <div>
        <p>
          <strong>The state of this integration is not known at the moment.</strong> Your connection
          is not affected.
        </p>
        <button
          type="button"
          className="button banner-button"
          onClick={() => window.location.reload()}
        >
          Reload
        </button>
      </div>
    </div>
  )
}
