import { type ReactElement, useId } from 'react'
import { useKeywell } from './context.ts'
import { compareScopes } from './core/index.ts'
import { useParts } from './parts.ts'
import type { ScopeChoiceProps } from './scope-choice.tsx'

/** For a connection that is there: what the choice leaves, adds and takes away. */
export function ScopeChanges(props: ScopeChoiceProps): ReactElement | null {
  const { offer, chosen, texts, connection } = props
  const id = useId()
  const { locale } = useKeywell()
  const part = useParts()
  if (connection === undefined) return null
  const changes = compareScopes(offer, { granted: connection.scopes, chosen })
  const { added, removed } = changes
  const kinds = (['kept', 'added', 'removed'] as const).filter((kind) => changes[kind].length > 0)
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for what can be changed
    <div role="group" aria-labelledby={id} {...part('scopeChanges')}>
      <strong id={id}>{texts.changes}</strong>
      <dl {...part('facts')}>
        {kinds.map((kind) => (
          <div key={kind} {...part('change')} data-keywell-change={kind}>
            <dt>{texts[kind]}</dt>
            <dd>
              <code>{new Intl.ListFormat(locale).format(changes[kind])}</code>
            </dd>
          </div>
        ))}
      </dl>
      {added.length + removed.length === 0 && <p {...part('note')}>{texts.same}</p>}
    </div>
  )
}
