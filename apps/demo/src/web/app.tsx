import { type ReactElement, useEffect, useState } from 'react'
import type { Me } from '../api.ts'
import { fetchMe } from './acme-api.ts'
import { Shell } from './shell.tsx'
import { SignIn } from './sign-in.tsx'

type Session = { state: 'unknown' } | { state: 'failed' } | { state: 'known'; me: Me | null }

/** The sign-in screen, or the product. */
export function App(): ReactElement | null {
  const [session, setSession] = useState<Session>({ state: 'unknown' })

  useEffect(() => {
    fetchMe().then(
      (me) => setSession({ state: 'known', me }),
      () => setSession({ state: 'failed' }),
    )
  }, [])

  if (session.state === 'unknown') return null // a few milliseconds: nothing is calmer than a flash
  if (session.state === 'failed') return <Unreachable />
  const { me } = session
  if (!me) return <SignIn onSignedIn={(signedIn) => setSession({ state: 'known', me: signedIn })} />
  return (
    <Shell
      key={me.person.id}
      me={me}
      onSignedOut={() => setSession({ state: 'known', me: null })}
    />
  )
}

function Unreachable(): ReactElement {
  return (
    <main className="sign-in">
      <h1>Acme cannot be reached</h1>
      <p>Check your network, then try again.</p>
      <button type="button" className="button" onClick={() => window.location.reload()}>
        Try again
      </button>
    </main>
  )
}
