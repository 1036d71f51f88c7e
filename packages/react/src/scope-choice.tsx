import type { Connection } from '@keywell/protocol'
import type { ReactElement } from 'react'
import { useKeywell } from './context.ts'
import { scopeRows, toolsOf } from './core/index.ts'
import { ScopeChanges } from './scope-changes.tsx'
import { ScopePresets } from './scope-presets.tsx'
import { ScopeRowView } from './scope-row.tsx'
import type { Wording } from './scope-words.ts'
import type { ScopeTexts } from './texts/scopes.ts'
import { fill } from './texts/texts.ts'
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
  return (
    <>
      <ScopePresets {...props} />
      {scopeRows(offer, chosen).map((group) => (
        <fieldset key={group.name} data-keywell-scope-group={group.name}>
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
function ScopeSummary({
  offer,
  chosen,
  wording,
  texts,
  isForTools,
}: ScopeChoiceProps): ReactElement {
  const { locale } = useKeywell()
  const { tools } = offer
  const { allowed, blocked } = toolsOf({ provider: offer, scopes: chosen })
  const missing = tools.filter((tool) => blocked.some(({ name }) => name === tool.name))
  const list = new Intl.ListFormat(locale).format(missing.map(wording.tool))
  const isBroken = isForTools && missing.length > 0
  const values = {
    count: String(tools.length > 0 ? allowed.length : chosen.length),
    total: String(tools.length),
    list,
  }
  const text = isBroken ? texts.broken : tools.length > 0 ? texts.summary : texts.count
  return (
    <p
      role="status"
      data-keywell-note=""
      data-keywell-summary={isBroken || chosen.length === 0 ? 'warning' : ''}
    >
      {fill(chosen.length === 0 ? texts.empty : text, values)}
    </p>
  )
}
