'use client'

import type { ConnectButtonProps } from '@keywell/react'
import { ConnectButton, ProviderMark, useConnection } from '@/components/keywell'

export interface IntegrationCardProps
  extends Pick<ConnectButtonProps, 'host' | 'scopes' | 'onSuccess' | 'onDisconnect'> {
  provider: string
  title: string
  /** What your product does with the account. */
  description: string
}

/** One integration of a settings page: what it is, whether it is connected, and the button for both. */
export function IntegrationCard(props: IntegrationCardProps) {
  const { provider, title, description, host, ...button } = props
  const { connection, status } = useConnection(provider, { host })
  return (
    <section
      aria-label={title}
      className="flex flex-wrap items-center gap-4 rounded-xl border bg-card p-5 text-card-foreground shadow-sm"
    >
      <span className="grid size-10 shrink-0 place-items-center rounded-lg border bg-background">
        <ProviderMark provider={provider} size={22} />
      </span>
      <div className="min-w-0 flex-1 basis-48">
        <h3 className="flex flex-wrap items-center gap-2 leading-tight font-semibold">
          {title}
          {status === 'ready' && <Status isConnected={connection?.status === 'active'} />}
        </h3>
        <p className="mt-1 text-sm text-muted-foreground">{description}</p>
      </div>
      <ConnectButton provider={provider} host={host} variant="outline" disconnectable {...button} />
    </section>
  )
}

function Status({ isConnected }: { isConnected: boolean }) {
  return (
    <span
      data-connected={isConnected || undefined}
      className="rounded-full bg-muted px-2 py-0.5 text-xs font-medium text-muted-foreground data-connected:bg-emerald-600/10 data-connected:text-emerald-700 dark:data-connected:text-emerald-400"
    >
      {isConnected ? 'Connected' : 'Not connected'}
    </span>
  )
}
