import { type ReactElement, useId } from 'react'
import { useKeywell } from './context.ts'
import { type ScopeOptions, type ScopeRow, toggleScope, toolsThrough } from './core/index.ts'
import { useParts } from './parts.ts'
import type { ScopeChoiceProps } from './scope-choice.tsx'
import { changeOf } from './scope-view.ts'
import { fill } from './texts/texts.ts'

interface RowProps extends ScopeChoiceProps {
  row: ScopeRow<ScopeOptions['scopes'][number]>
}

/** One scope: whether it is chosen, in one sentence what it allows, its risk, and the tools that need it. */
export function ScopeRowView(props: RowProps): ReactElement {
  const { offer, chosen, pick, wording, name, row } = props
  const { scope, state } = row
  const id = useId()
  const isAsked = chosen.includes(scope.name)
  const part = useParts()
  return (
    <div {...part('scope')} data-keywell-scope={scope.name} data-state={state}>
      <input
        type="checkbox"
        id={`${id}box`}
        name={isAsked ? name : undefined}
        value={scope.name}
        checked={state !== 'open'}
        // Not `disabled`: the keys still lead to it, and a screen reader says why it is fixed.
        aria-disabled={state === 'required' || state === 'included' || undefined}
        aria-describedby={`${id}facts`}
        onChange={() => pick(toggleScope(offer, chosen, scope.name))}
      />
      <label htmlFor={`${id}box`}>{wording.scope(scope)}</label>
      <p id={`${id}facts`} {...part('scopeFacts')}>
        <Facts {...props} />
      </p>
      {state !== 'included' && <Tools {...props} />}
    </div>
  )
}

/** Risk, name, why it is fixed, and what becomes of it for the connection that is there. */
function Facts({ offer, texts, connection, row }: RowProps): ReactElement {
  const { locale } = useKeywell()
  const part = useParts()
  const { scope, state, includedBy } = row
  const list = new Intl.ListFormat(locale).format(includedBy)
  const change = changeOf(row, { offer, connection })
  return (
    <>
      <span {...part('risk')} data-keywell-risk={scope.risk}>
        {texts[scope.risk]}
      </span>{' '}
      {state === 'required' && <span {...part('tag')}>{texts.required}</span>}{' '}
      {state === 'included' && <span {...part('tag')}>{fill(texts.included, { list })}</span>}{' '}
      {change && (
        <span {...part('tag')} data-keywell-tag={change}>
          {texts[change]}
        </span>
      )}{' '}
      <code>{scope.name}</code>
    </>
  )
}

/** What stops working without it; for one that is not chosen, what works with it. */
function Tools({ offer, chosen, wording, texts, row }: RowProps): ReactElement | null {
  const { scope, state } = row
  const part = useParts()
  const names = toolsThrough(offer, chosen, scope.name)
  if (names.length === 0) return null
  const text = state === 'open' ? texts.adds : texts.without
  const tools = offer.tools.filter(({ name }) => names.includes(name))
  return (
    <details {...part('tools')}>
      <summary>{fill(text, { count: String(names.length) })}</summary>
      <dl>
        {wording.areas(tools).map((area) => (
          <div key={area.title}>
            <dt>{area.title}</dt>
            <dd>{area.tools.join(', ')}</dd>
          </div>
        ))}
      </dl>
    </details>
  )
}
