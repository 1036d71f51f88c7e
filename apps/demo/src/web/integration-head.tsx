import { type ConnectStateName, ProviderMark, type UseConnection } from '@keywell/react'
import type { ReactElement, ReactNode } from 'react'
import { AlertIcon } from './icons.tsx'
import { useIntegrationWords } from './integration-words.ts'

/** What is known of an integration's account. */
export type Known = Pick<UseConnection, 'connection' | 'status'>

export interface IntegrationHeadProps {
  provider: string
  titleId: string
  title: string
  about: string
  badge: ReactNode
  children?: ReactNode
}

/** What an integration is, and how it stands. */
export function IntegrationHead(props: IntegrationHeadProps): ReactElement {
  return (
    <div className="integration-head">
      <span className="integration-mark">
        <ProviderMark provider={props.provider} size={24} />
      </span>
      <div>
        <div className="integration-title">
          <h2 id={props.titleId}>{props.title}</h2>
          {props.badge}
        </div>
        <p className="quiet">{props.about}</p>
      </div>
      {props.children}
    </div>
  )
}

/** What the button is about to do says more than what the list has said before. */
export function StatusBadge(props: Known & { step: ConnectStateName }): ReactElement {
  const { connection, status, step } = props
  const { badges } = useIntegrationWords()
  if (isUnderWay(step)) return <Badge tone="plain" text={badges.connecting} />
  if (connection?.status === 'active') {
    return connection.health.status === 'degraded' ? (
      <Badge tone="warning" text={badges.problems} />
    ) : (
      <Badge tone="good" text={badges.connected} />
    )
  }
  if (connection?.needsReauth) return <Badge tone="warning" text={badges.attention} />
  if (status === 'loading') return <Badge tone="plain" text={badges.checking} />
  if (status === 'error') return <Badge tone="plain" text={badges.unknown} />
  return <Badge tone="plain" text={badges.notConnected} />
}

export function isUnderWay(step: ConnectStateName): boolean {
  return step === 'opening' || step === 'waiting' || step === 'confirming'
}

function Badge({ tone, text }: { tone: 'good' | 'warning' | 'plain'; text: string }): ReactElement {
  return (
    <span className="badge" data-tone={tone}>
      {text}
    </span>
  )
}

/** The list of connections could not be read. */
export function UnknownBanner(): ReactElement {
  const { unknown } = useIntegrationWords()
  return (
    <div className="banner" data-tone="warning" role="alert">
      <AlertIcon />
      <div>
        <p>
          <strong>{unknown.what}</strong> {unknown.rest}
        </p>
        <button
          type="button"
          className="button banner-button"
          onClick={() => window.location.reload()}
        >
          {unknown.reload}
        </button>
      </div>
    </div>
  )
}
