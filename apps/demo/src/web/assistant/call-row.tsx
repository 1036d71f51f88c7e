import type { ReactElement } from 'react'
import type { CallEntry } from '../../assistant-api.ts'
import { useAssistantWords } from './assistant-words.ts'

/** One call of a tool in a line; opened, its arguments and what came back. */
export function CallRow({ call }: { call: CallEntry }): ReactElement {
  const words = useAssistantWords()
  const { count, preview, problem, state } = call
  return (
    <details className="call" data-state={state}>
      <summary>
        <span className="call-name">{call.tool}</span>
        <span className="call-arguments">{inBrief(call.arguments)}</span>
        <span className="call-state">
          {state === 'done' && count !== undefined ? words.count(count) : words.calls[state]}
        </span>
      </summary>
      <div className="call-body">
        <p lang="en">{call.title}</p>
        <h3>{words.parts.arguments}</h3>
        <pre>{JSON.stringify(call.arguments, null, 2)}</pre>
        {(problem ?? preview) && <h3>{words.parts.result}</h3>}
        {problem && (
          <p lang="en">
            <code>{problem.code}</code> {problem.message}
          </p>
        )}
        {preview && <pre>{preview}</pre>}
      </div>
    </details>
  )
}

const longestValue = 24

/** `project_id 501, status failed` */
function inBrief(args: CallEntry['arguments']): string {
  return Object.entries(args)
    .map(([name, value]) => `${name} ${shorten(String(value))}`)
    .join(', ')
}

function shorten(text: string): string {
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}
