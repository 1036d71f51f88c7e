import { type ReactElement, useRef } from 'react'
import type { Me } from '../../api.ts'
import { useAssistantWords } from '../assistant/assistant-words.ts'
import { AuditPanel } from '../assistant/audit-panel.tsx'
import { Composer } from '../assistant/composer.tsx'
import { EntryList } from '../assistant/entry-list.tsx'
import { type Assistant as Conversation, useAssistant } from '../assistant/use-assistant.ts'
import { useLanguage } from '../language.ts'
import { PageHead } from '../page-head.tsx'

/** A chat with an agent that works at GitLab as the user; beside it, what Keywell wrote down of that. */
export function Assistant({ me }: { me: Me }): ReactElement {
  const words = useAssistantWords()
  const { language } = useLanguage()
  const assistant = useAssistant()
  return (
    <div lang={language} className="assistant">
      <PageHead title={words.title} />
      <p className="lead">{words.lead}</p>
      <div className="assistant-panels">
        <Chat me={me} assistant={assistant} />
        <AuditPanel changes={assistant.changes} />
      </div>
    </div>
  )
}

function Chat({ me, assistant }: { me: Me; assistant: Conversation }): ReactElement {
  const words = useAssistantWords()
  const field = useRef<HTMLInputElement>(null)
  const { view, error } = assistant
  const entries = view?.entries ?? []
  const busy = view?.busy === true
  return (
    <section className="card chat" aria-labelledby="chat-title" aria-busy={busy}>
      <div className="card-head">
        <h2 id="chat-title">{words.conversation}</h2>
        {view && (
          <span className="badge" title={view.model.scripted ? words.scriptedWhy : undefined}>
            {view.model.scripted ? words.scripted : view.model.name}
          </span>
        )}
        {entries.length > 0 && (
          <button
            type="button"
            className="button chat-new"
            aria-disabled={busy}
            onClick={() => {
              if (!busy) assistant.startOver()
              field.current?.focus()
            }}
          >
            {words.startOver}
          </button>
        )}
      </div>
      {entries.length === 0 && (
        <div className="empty">
          <p>{words.empty}</p>
          {view?.model.scripted && <p className="quiet chat-why">{words.scriptedWhy}</p>}
        </div>
      )}
      <EntryList
        entries={entries}
        host={me.gitlabHost ?? undefined}
        busy={busy}
        newFrom={assistant.newFrom}
        onAnswer={(entry, given) => {
          assistant.answer(entry, given)
          // The button that had the focus is gone.
          field.current?.focus()
        }}
      />
      <p className="problem-line chat-problem" role="alert" lang="en">
        {error?.message}
      </p>
      <Composer field={field} busy={busy || view === undefined} onSay={assistant.say} />
    </section>
  )
}
