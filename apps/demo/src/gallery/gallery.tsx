import { KeywellProvider } from '@keywell/react'
import { de } from '@keywell/react/de'
import { type ReactElement, useEffect, useRef, useState } from 'react'
import { actOut } from './act-out.ts'
import type { Group, Section } from './section.ts'
import { accountDialog, connectButton } from './sections/connect-button.tsx'
import { connectionStatus } from './sections/connection-status.tsx'
import { connectionsManager, managedAccount } from './sections/connections-manager.tsx'
import { hostField, providerMark, variableField } from './sections/host-field.tsx'
import { scopePicker } from './sections/scope-picker.tsx'
import { standIn } from './stand-in.ts'
import { addressOf, choices, type View } from './view.ts'

const groups: readonly Group[] = [
  connectButton,
  accountDialog,
  scopePicker,
  connectionsManager,
  managedAccount,
  connectionStatus,
  hostField,
  variableField,
  providerMark,
]

/** Every component in every state, without a service: see `stand-in.ts`. */
export function Gallery({ view }: { view: View }): ReactElement {
  const shown = groups
    .map(({ title, sections }) => ({
      title,
      sections: sections.filter(({ id }) => view.section === undefined || view.section === id),
    }))
    .filter(({ sections }) => sections.length > 0)
  return (
    <>
      <Header view={view} />
      <main>
        {shown.map(({ title, sections }) => (
          <section key={title} className="group" aria-labelledby={title}>
            <h2 id={title}>{title}</h2>
            <div className="grid">
              {sections.map((section) => (
                <Stage key={section.id} section={section} view={view} />
              ))}
            </div>
          </section>
        ))}
      </main>
    </>
  )
}

function Header({ view }: { view: View }): ReactElement {
  return (
    <header className="header">
      <h1>Keywell gallery</h1>
      <p>Every component in every state. The answers of the service are fixtures.</p>
      <nav aria-label="View">
        <Choices name="theme" view={view} />
        <Choices name="dir" view={view} />
        <Choices name="lang" view={view} />
      </nav>
    </header>
  )
}

function Choices({ name, view }: { name: keyof typeof choices; view: View }): ReactElement {
  return (
    <span className="switch">
      {choices[name].map((value) => (
        <a
          key={value}
          href={addressOf(view, { [name]: value })}
          aria-current={view[name] === value || undefined}
        >
          {value}
        </a>
      ))}
    </span>
  )
}

/** One section: a client of its own, and the clicks that lead to its state. */
function Stage({ section, view }: { section: Section; view: View }): ReactElement {
  const { id, title, answers = {}, show, isModal, isWide } = section
  const stage = useRef<HTMLDivElement>(null)
  const [window] = useState(() => standIn(answers))
  const isPlayed = !isModal || view.section === id
  useEffect(
    () => (stage.current && isPlayed ? actOut(stage.current, section) : undefined),
    [isPlayed, section],
  )
  return (
    <article id={id} className="stage" data-wide={isWide ? '' : undefined}>
      <h3>
        <a href={addressOf(view, { section: view.section === undefined ? id : undefined })}>
          {title}
        </a>
      </h3>
      <div ref={stage} className="canvas" data-section={id} data-modal={isModal ? '' : undefined}>
        <KeywellProvider window={window} {...(view.lang === 'de' && { messages: de })}>
          {show()}
        </KeywellProvider>
      </div>
    </article>
  )
}
