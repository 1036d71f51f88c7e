import { ConnectButton } from '@keywell/react'
import type { ReactElement } from 'react'
import { isUnderWay } from './integration-head.tsx'
import { useIntegrationWords } from './integration-words.ts'

export interface WantedScopesProps {
  provider: string
  title: string
  host: string | undefined
  /** Those of the connection. */
  granted: readonly string[]
}

/**
 * What a tool lacked when an agent called it. Keywell's `connectUrl` leads here with exactly these scopes in the address;
 * they add to what was allowed before.
 */
export function WantedScopes(props: WantedScopesProps): ReactElement | null {
  const { provider, title, host, granted } = props
  const words = useIntegrationWords()
  const missing = wantedOf(provider).filter((scope) => !granted.includes(scope))
  if (missing.length === 0) return null
  return (
    <section className="card wanted-scopes" aria-label={words.wanted.title}>
      <p>{words.wanted.lead(title)}</p>
      <ul>
        {missing.map((scope) => (
          <li key={scope}>
            {words.scopes[scope] ?? words.facts.otherScope} <code>{scope}</code>
          </li>
        ))}
      </ul>
      <ConnectButton
        provider={provider}
        host={host}
        scopes={[...granted, ...missing]}
        // A connected button would open the account; here a click asks for the scopes.
        render={(button, { state, label, note }) => (
          <>
            <button {...button}>
              {isUnderWay(state.name) ? label : words.wanted.allow(title)}
            </button>
            {state.name !== 'connected' && note && <p className="quiet">{note}</p>}
          </>
        )}
      />
    </section>
  )
}

function wantedOf(provider: string): string[] {
  const asked = new URLSearchParams(window.location.search)
  if (asked.get('provider') !== provider) return []
  return asked.get('scopes')?.split(' ').filter(Boolean) ?? []
}
