import type { Connection } from '@keywell/protocol'
import type { ReactElement } from 'react'
import { useKeywell } from './context.ts'
import { scopeRows } from './core/index.ts'
import { joinParts, useParts } from './parts.ts'
import { ScopeChanges } from './scope-changes.tsx'
import { ScopePresets } from './scope-presets.tsx'
import { ScopeRowView } from './scope-row.tsx'
import { summaryOf } from './scope-view.ts'
import type { Wording } from './scope-words.ts'
import type { ScopeTexts } from './texts/scopes.ts'
import type { ChosenScopes } from './use-chosen-scopes.ts'

/** What the parts of a choice share. */
export interface ScopeChoiceProps extends ChosenScopes {
  wording: Wording
  texts: ScopeTexts['scopes']
  connection: Connection | undefined
  /** Of the checkboxes that are asked for. */
  name: string | undefined
  /** The tools of the offer are those that the app needs. */
  isForTools: boolean
}

/** Presets, then the scopes in their groups, then what the choice means. */
export function ScopeChoice(props: ScopeChoiceProps): ReactElement {
  const { offer, chosen, wording } = props
  const part = useParts()
  return (
    <>
      <ScopePresets {...props} />
      {scopeRows(offer, chosen).map((group) => (
        <fieldset key={group.name} {...part('scopeGroup')} data-keywell-scope-group={group.name}>
          <legend>{wording.group(group)}</legend>
          {group.rows.map((row) => (
            <ScopeRowView key={row.scope.name} {...props} row={row} />
          ))}
        </fieldset>
      ))}
      <ScopeChanges {...props} />
      <ScopeSummary {...props} />
    </>
  )
}

/** What works with this choice, read aloud whenever it changes. */
function ScopeSummary(props: ScopeChoiceProps): ReactElement {
  const { locale } = useKeywell()
  const part = useParts()
  const { text, isWarning } = summaryOf(props, { ...props, locale })
  return (
    <p
      role="status"
      {...joinParts(part('note'), part('summary'))}
      data-keywell-summary={isWarning ? 'warning' : ''}
    >
      {text}
    </p>
  )
}
