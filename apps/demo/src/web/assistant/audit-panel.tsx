import { type ReactElement, useEffect, useState } from 'react'
import type { AuditRow } from '../../assistant-api.ts'
import { useLanguage } from '../language.ts'
import { dateAndTime } from '../words.ts'
import { fetchAuditRows } from './assistant-calls.ts'
import { useAssistantWords } from './assistant-words.ts'

/** What Keywell wrote down of the assistant's work, the newest first. */
export function AuditPanel({ changes }: { changes: number }): ReactElement {
  const { audit: words } = useAssistantWords()
  const rows = useAuditRows(changes)
  return (
    <section className="card audit" aria-labelledby="audit-title">
      <div className="card-head">
        <h2 id="audit-title">{words.title}</h2>
      </div>
      <p className="quiet audit-about">{words.about}</p>
      {rows?.length === 0 && <p className="audit-none">{words.none}</p>}
      <ol className="audit-rows">
        {rows?.map((row) => (
          <AuditLine key={row.id} row={row} />
        ))}
      </ol>
    </section>
  )
}

function AuditLine({ row }: { row: AuditRow }): ReactElement {
  const { audit: words } = useAssistantWords()
  const { language } = useLanguage()
  const { at, action, about, target, reason, result } = row
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'medium' }).format(Date.parse(at))
  return (
    <li className="audit-row">
      <span className="audit-action">{words.actions[action] ?? action}</span>
      <span className="audit-result" data-result={result}>
        {words.results[result]}
      </span>
      <span className="audit-detail">
        <time dateTime={at} title={dateAndTime(at, language)}>
          {time}
        </time>
        {about && <code>{about}</code>}
        {target.length > 0 && <code>{target.join(' · ')}</code>}
        {reason && <code>{reason}</code>}
      </span>
    </li>
  )
}

/** Read again at each change; until then what was read before stays. Undefined: nothing is known. */
function useAuditRows(changes: number): readonly AuditRow[] | undefined {
  const [rows, setRows] = useState<readonly AuditRow[]>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: it says when
  useEffect(() => {
    const abort = new AbortController()
    // What fails once is read at the next change.
    fetchAuditRows(abort.signal).then(setRows, () => {})
    return () => abort.abort()
  }, [changes])
  return rows
}
