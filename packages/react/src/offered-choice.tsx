import { type ReactElement, useMemo } from 'react'
import { useTexts } from './context.ts'
import type { ConnectError } from './core/index.ts'
import { own } from './own.ts'
import { useParts } from './parts.ts'
import { ScopeChoice } from './scope-choice.tsx'
import type { ScopePickerProps } from './scope-picker.tsx'
import { offerFor } from './scope-view.ts'
import { wordingOf } from './scope-words.ts'
import { type ScopeTexts, scopeTexts } from './texts/scopes.ts'
import { mergeTexts } from './texts/texts.ts'
import { useChosenScopes } from './use-chosen-scopes.ts'
import type { ScopeOptionsState } from './use-scope-options.ts'

/** What is said in place of a choice; undefined where there is a choice, and after an error, which has a button. */
export function noticeOf(state: ScopeOptionsState, messages: object): string | undefined {
  const { scopes: texts } = mergeTexts(scopeTexts, messages)
  if (state.name === 'ready') return offerFor(state.offer, undefined) ? undefined : texts.nothing
  return state.name === 'error' ? undefined : texts[state.name]
}

interface Offered {
  readonly state: ScopeOptionsState
  readonly retry: () => void
}

/** All below the legend of `ScopePicker`, once it is read. */
export function OfferedChoice(props: ScopePickerProps & Offered): ReactElement | null {
  const { state, retry, provider, connection, tools, value, defaultValue, onChange, name } = props
  const { scopes: texts, scopeWords } = useTexts(scopeTexts)
  const offer = useMemo(
    () => (state.name === 'ready' ? offerFor(state.offer, tools) : undefined),
    [state, tools],
  )
  const choice = useChosenScopes(offer, { connection, tools, value, defaultValue, onChange })
  const wording = useMemo(() => wordingOf(own(scopeWords, provider)), [scopeWords, provider])
  if (state.name === 'error') return <Failure {...state} texts={texts} retry={retry} />
  if (choice === undefined) return null
  return (
    <ScopeChoice
      {...{ ...choice, wording, texts, connection, name }}
      isForTools={tools !== undefined}
    />
  )
}

function Failure(props: {
  error: ConnectError
  isRetrying: boolean
  texts: ScopeTexts['scopes']
  retry: () => void
}): ReactElement {
  const { error, isRetrying, texts, retry } = props
  const part = useParts()
  return (
    <div {...part('scopeError')}>
      <p role="alert">{error.code === 'unauthorized' ? texts.signedOut : texts.failed}</p>
      <button
        type="button"
        {...part('action')}
        aria-busy={isRetrying}
        aria-disabled={isRetrying}
        onClick={retry}
      >
        {texts.retry}
      </button>
    </div>
  )
}
