import { type ReactElement, type RefObject, type SubmitEvent, useId, useState } from 'react'
import { useAssistantWords } from './assistant-words.ts'

export interface ComposerProps {
  field: RefObject<HTMLInputElement | null>
  busy: boolean
  onSay: (text: string) => void
}

/** What the user says, typed or picked. */
export function Composer({ field, busy, onSay }: ComposerProps): ReactElement {
  const words = useAssistantWords()
  const id = useId()
  const [text, setText] = useState('')
  function send(event: SubmitEvent): void {
    event.preventDefault()
    if (busy || text.trim() === '') return
    onSay(text)
    setText('')
  }
  return (
    <div className="composer">
      <ul className="suggestions" aria-label={words.suggestionsTitle}>
        {words.suggestions.map((suggestion) => (
          <li key={suggestion}>
            <button
              type="button"
              className="suggestion"
              aria-disabled={busy}
              onClick={() => !busy && onSay(suggestion)}
            >
              {suggestion}
            </button>
          </li>
        ))}
      </ul>
      <form className="composer-form" onSubmit={send}>
        <label htmlFor={id} className="visually-hidden">
          {words.field}
        </label>
        <input
          ref={field}
          id={id}
          type="text"
          autoComplete="off"
          maxLength={2_000}
          placeholder={words.field}
          value={text}
          onChange={({ target }) => setText(target.value)}
        />
        <button type="submit" className="button button-primary" aria-disabled={busy}>
          {words.send}
        </button>
      </form>
    </div>
  )
}
