import { type ReactElement, useEffect, useState } from 'react'
import type { Me } from '../api.ts'
import { type Person, people } from '../people.ts'
import { signIn } from './acme-api.ts'
import { Avatar } from './avatar.tsx'
import { AcmeMark, ArrowIcon } from './icons.tsx'

/** Pick who you are: Acme is a demo, so there is no password to forget. */
export function SignIn({ onSignedIn }: { onSignedIn: (me: Me) => void }): ReactElement {
  const [busyWith, setBusyWith] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    document.title = 'Sign in · Acme'
  }, [])

  async function choose(person: Person): Promise<void> {
    if (busyWith) return
    setBusyWith(person.id)
    setProblem(null)
    try {
      onSignedIn(await signIn(person.id))
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
      setBusyWith(null)
    }
  }

  return (
    <main className="sign-in">
      <div className="sign-in-brand">
        <AcmeMark />
        <span>Acme</span>
      </div>
      <h1>Sign in to Acme</h1>
      <p className="quiet">Pick a person. Each has a workspace of their own.</p>
      <ul className="people">
        {people.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              className="person"
              aria-busy={busyWith === person.id}
              onClick={() => void choose(person)}
            >
              <Avatar name={person.name} large />
              <span className="person-text">
                <span className="person-name">{person.name}</span>
                <span className="quiet">
                  {person.role} at {person.tenant.name}
                </span>
              </span>
              <ArrowIcon />
            </button>
          </li>
        ))}
      </ul>
      <p role="alert" className="problem-line">
        {problem}
      </p>
      <p className="fine-print">Acme is a demo: it asks for no password.</p>
    </main>
  )
}
