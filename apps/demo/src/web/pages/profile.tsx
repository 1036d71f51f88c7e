import type { ReactElement } from 'react'
import type { Me } from '../../api.ts'
import { Avatar } from '../avatar.tsx'

/** Who is signed in, with the two ids that Acme gives to Keywell. */
export function Profile({ me: { person } }: { me: Me }): ReactElement {
  return (
    <>
      <h1>Profile</h1>
      <p className="lead">How you appear to your colleagues at {person.tenant.name}.</p>
      <section className="card" aria-label="Your details">
        <div className="account">
          <Avatar name={person.name} large />
          <div>
            <p className="account-name">{person.name}</p>
            <p className="quiet">{person.role}</p>
          </div>
        </div>
        <dl className="facts">
          <div>
            <dt>Email</dt>
            <dd>{person.email}</dd>
          </div>
          <div>
            <dt>Workspace</dt>
            <dd>{person.tenant.name}</dd>
          </div>
          <div>
            <dt>Workspace ID</dt>
            <dd>
              <code>{person.tenant.id}</code>
            </dd>
          </div>
          <div>
            <dt>User ID</dt>
            <dd>
              <code>{person.id}</code>
            </dd>
          </div>
        </dl>
      </section>
    </>
  )
}
