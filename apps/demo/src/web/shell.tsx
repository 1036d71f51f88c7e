import { KeywellProvider } from '@keywell/react'
import { type ReactElement, type ReactNode, useEffect, useRef, useState } from 'react'
import type { Me } from '../api.ts'
import { signOut } from './acme-api.ts'
import { Avatar } from './avatar.tsx'
import { AcmeMark, ChatIcon, HomeIcon, KeyIcon, LeaveIcon, PersonIcon, PlugIcon } from './icons.tsx'
import { LanguageContext, useChosenLanguage } from './language.ts'
import { Link } from './link.tsx'
import { usePath } from './location.ts'
import { Accounts } from './pages/accounts.tsx'
import { Assistant } from './pages/assistant.tsx'
import { Integrations } from './pages/integrations.tsx'
import { Missing } from './pages/missing.tsx'
import { Overview } from './pages/overview.tsx'
import { Profile } from './pages/profile.tsx'
import { type IntegrationsAnswer, useIntegrations } from './use-integrations.ts'

interface Page {
  readonly path: string
  readonly label: string
  readonly icon: ReactNode
  readonly show: (me: Me, integrations: IntegrationsAnswer) => ReactElement
}

const pages: readonly Page[] = [
  { path: '/', label: 'Overview', icon: <HomeIcon />, show: (me) => <Overview me={me} /> },
  {
    path: '/assistant',
    label: 'Assistant',
    icon: <ChatIcon />,
    show: (me) => <Assistant me={me} />,
  },
  {
    path: '/settings/integrations',
    label: 'Integrations',
    icon: <PlugIcon />,
    show: (me, integrations) => <Integrations me={me} integrations={integrations} />,
  },
  {
    path: '/settings/accounts',
    label: 'Accounts',
    icon: <KeyIcon />,
    show: (me, integrations) => <Accounts me={me} integrations={integrations} />,
  },
  {
    path: '/settings/profile',
    label: 'Profile',
    icon: <PersonIcon />,
    show: (me) => <Profile me={me} />,
  },
]

/** Keywell's English words, but for one sentence: what disconnecting means, Acme knows best. */
const english = {
  disconnect: {
    text: 'Acme’s access ends at {provider} too, and what you see of it disappears from Acme. Nothing is deleted at {provider}, and you can connect again at any time.',
  },
}

/** Navigation around the page that the address names. */
export function Shell({ me, onSignedOut }: { me: Me; onSignedOut: () => void }): ReactElement {
  const path = usePath()
  const page = pages.find((candidate) => candidate.path === path)
  const main = useFocusOnNewPage(path, page?.label ?? 'Not found')
  const { messages, ...language } = useChosenLanguage(english)
  const integrations = useIntegrations()

  return (
    <KeywellProvider
      endpoint="/api/keywell"
      messages={{ ...messages, providers: integrations.titles }}
    >
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <div className="shell">
        <header className="sidebar">
          <Link href="/" className="brand" aria-label="Acme, overview">
            <AcmeMark />
            <span>Acme</span>
          </Link>
          <nav aria-label="Main">
            <ul className="nav">
              {pages.map(({ path: href, label, icon }) => (
                <li key={href}>
                  <Link
                    href={href}
                    className="nav-link"
                    aria-current={href === path ? 'page' : undefined}
                  >
                    {icon}
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </nav>
          <SignedIn me={me} onSignedOut={onSignedOut} />
        </header>
        <main id="main" className="main" tabIndex={-1} ref={main}>
          <LanguageContext value={language}>
            {page ? page.show(me, integrations) : <Missing />}
          </LanguageContext>
        </main>
      </div>
    </KeywellProvider>
  )
}

function SignedIn({ me, onSignedOut }: { me: Me; onSignedOut: () => void }): ReactElement {
  const { person } = me
  const [failed, setFailed] = useState(false)
  return (
    <div className="signed-in">
      <Avatar name={person.name} />
      <span className="signed-in-text">
        <span className="signed-in-name">{person.name}</span>
        <span className="quiet">{person.tenant.name}</span>
        <span role="alert" className="problem-line">
          {failed ? 'Could not sign out. Try again.' : null}
        </span>
      </span>
      <button
        type="button"
        className="icon-button"
        aria-label="Sign out"
        title="Sign out"
        onClick={() => void signOut().then(onSignedOut, () => setFailed(true))}
      >
        <LeaveIcon />
      </button>
    </div>
  )
}

/** A page that changes without loading must say so: its title changes, and focus moves to its start. */
function useFocusOnNewPage(path: string, label: string) {
  const main = useRef<HTMLElement>(null)
  const shown = useRef(path)
  useEffect(() => {
    document.title = `${label} · Acme`
    if (shown.current === path) return
    shown.current = path
    main.current?.focus()
    window.scrollTo(0, 0)
  }, [path, label])
  return main
}
