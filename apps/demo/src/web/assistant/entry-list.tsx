import { type ReactElement, useEffect, useRef } from 'react'
import type { Entry, EntryAnswer } from '../../assistant-api.ts'
import { ApprovalCard } from './approval-card.tsx'
import { useAssistantWords } from './assistant-words.ts'
import { CallRow } from './call-row.tsx'
import { ConnectCard } from './connect-card.tsx'

export interface EntryListProps {
  entries: readonly Entry[]
  host: string | undefined
  busy: boolean
  /** Entries from this id on came while the page was open. */
  newFrom: number
  onAnswer: (entry: number, answer: EntryAnswer) => void
}

/** The conversation, the newest at the end, which is kept in view. */
export function EntryList(props: EntryListProps): ReactElement {
  const { entries, busy, ...rest } = props
  const words = useAssistantWords()
  const list = useRef<HTMLOListElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: they say when
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight })
  }, [entries.length])
  const said = entries.findLast(({ kind }) => kind === 'assistant')
  return (
    <>
      <ol className="entries" ref={list} aria-label={words.conversation}>
        {entries.map((entry) => (
          <li key={entry.id} className="entry" data-kind={entry.kind}>
            <EntryBody entry={entry} {...rest} />
          </li>
        ))}
      </ol>
      <p className="quiet chat-working">{busy && words.working}</p>
      <p role="status" className="visually-hidden">
        {busy ? words.working : said?.kind === 'assistant' && said.text}
      </p>
    </>
  )
}

function EntryBody({
  entry,
  host,
  newFrom,
  onAnswer,
}: Omit<EntryListProps, 'entries' | 'busy'> & { entry: Entry }): ReactElement {
  const words = useAssistantWords()
  const arrives = entry.id >= newFrom
  const answer = (given: EntryAnswer) => onAnswer(entry.id, given)
  switch (entry.kind) {
    case 'user':
      return <Said by={words.you} text={entry.text} />
    case 'assistant':
      return <Said by={words.assistant} text={entry.text} />
    case 'call':
      return <CallRow call={entry} />
    case 'connect':
      return <ConnectCard entry={entry} host={host} arrives={arrives} onAnswer={answer} />
    case 'approval':
      return <ApprovalCard entry={entry} arrives={arrives} onAnswer={answer} />
    default:
      return entry satisfies never
  }
}

/** Plain text: no address in it becomes a link, since others may have written it. */
function Said({ by, text }: { by: string; text: string }): ReactElement {
  return (
    <div className="said">
      <span className="visually-hidden">{by}: </span>
      {partsOf(text).map(({ quoted, lines, id }) =>
        quoted ? (
          <blockquote key={id}>{lines.join('\n')}</blockquote>
        ) : (
          <p key={id}>{lines.join('\n')}</p>
        ),
      )}
    </div>
  )
}

interface Part {
  readonly id: number
  readonly quoted: boolean
  readonly lines: string[]
}

/** Lines that begin with `>` are a quotation, as in Markdown. */
function partsOf(text: string): Part[] {
  const parts: Part[] = []
  for (const [id, line] of text.split('\n').entries()) {
    const quoted = line.startsWith('> ')
    const last = parts.at(-1)
    const shown = quoted ? line.slice(2) : line
    if (last?.quoted === quoted) last.lines.push(shown)
    else parts.push({ id, quoted, lines: [shown] })
  }
  return parts
}
