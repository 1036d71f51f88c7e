import type { ReactElement } from 'react'
import type { ApprovalEntry, EntryAnswer } from '../../assistant-api.ts'
import { useLanguage } from '../language.ts'
import { useAssistantWords } from './assistant-words.ts'
import { QuestionCard } from './question-card.tsx'

/** What a call would do, for the user to approve or deny. */
export function ApprovalCard(props: {
  entry: ApprovalEntry
  arrives: boolean
  onAnswer: (answer: EntryAnswer) => void
}): ReactElement {
  const { entry, arrives, onAnswer } = props
  const { approval: words } = useAssistantWords()
  const { language } = useLanguage()
  const open = entry.state === 'open'
  return (
    <QuestionCard title={words[entry.state]} open={open} arrives={arrives}>
      <p className="question-summary" lang="en">
        {entry.summary}
      </p>
      {open && (
        <>
          <p className="quiet">{words.request}</p>
          <pre>{entry.request}</pre>
          <div className="question-actions">
            <button
              type="button"
              className="button button-danger"
              onClick={() => onAnswer('approve')}
            >
              {words.approve}
            </button>
            <button type="button" className="button" onClick={() => onAnswer('deny')}>
              {words.deny}
            </button>
            <span className="quiet">{words.ends(timeOfDay(entry.endsAt, language))}</span>
          </div>
        </>
      )}
    </QuestionCard>
  )
}

function timeOfDay(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(Date.parse(iso))
}
