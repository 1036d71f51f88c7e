'use client'

import type { Connection, ProviderName, ScopeName } from '@keywell/protocol'
import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type RefAttributes,
  type RefObject,
  useEffect,
  useImperativeHandle,
  useRef,
} from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import { useKeywell, useTexts } from './context.ts'
import { returnFocus } from './focus.ts'
import { latePart } from './late-part.ts'
import { joinClasses, useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { scopeFrameTexts } from './texts/scope-frame.ts'
import { fill } from './texts/texts.ts'
import { type ScopeOptionsState, useScopeOptions } from './use-scope-options.ts'
import { useTitle } from './use-title.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type FieldsetProps = ComponentPropsWithoutRef<'fieldset'>

/** What a person chooses scopes for. */
export interface ScopePickerOptions {
  /**
   * Names of the tools that your app uses. What they need is chosen first, and the picker says which of them do not
   * work with a choice. Default: all tools that the session allows, and the least preset is chosen first.
   */
  tools?: readonly string[] | undefined
}

export interface ScopePickerProps
  extends Omit<FieldsetProps, 'onChange' | 'defaultValue' | 'children'>,
    ScopePickerOptions {
  /** Name in the catalogue, e.g. `gitlab`. */
  provider: ProviderName
  /** Base URL of a self-managed instance: only what is registered there is offered. Default: that of the session. */
  host?: string | undefined
  /** A connection that is there. The picker then shows what it may do now, and what a choice changes. */
  connection?: Connection | undefined
  /** What is chosen, for `scopes` of the button. Without it the picker keeps the choice itself. */
  value?: readonly ScopeName[] | undefined
  /** What is chosen at first, beside what the connection may do already. */
  defaultValue?: readonly ScopeName[] | undefined
  /**
   * What is chosen: once it is known what can be chosen, and at each change. Never a scope that session or policy do
   * not allow, and always the required ones.
   */
  onChange?: ((scopes: ScopeName[]) => void) | undefined
  /** Name of the checkboxes, for a form around them: it then sends the scopes that are asked for. */
  name?: string | undefined
}

/**
 * Lets a person choose what an account is connected for.
 *
 * ```tsx
 * const [scopes, setScopes] = useState<string[]>()
 * <ScopePicker provider="gitlab" value={scopes} onChange={setScopes} />
 * <ConnectButton provider="gitlab" scopes={scopes} />
 * ```
 *
 * One `<fieldset>`, which gets `ref` and all other props, of radios for presets and checkboxes for scopes. It offers
 * what the connect session and the tenant's policy allow.
 *
 * @key Tab: goes on to the presets, to each scope, also to one that is fixed, and to the tools of a scope
 * @key Arrows: choose among the presets
 * @key Space: takes a scope, or leaves it; on one that is fixed, changes nothing
 * @key Enter, Space: on the tools of a scope, shows them or hides them; on "Try again", reads again
 */
export const ScopePicker: ForwardRefExoticComponent<
  ScopePickerProps & RefAttributes<HTMLFieldSetElement>
> = forwardRef<HTMLFieldSetElement, ScopePickerProps>(function ScopePicker(props, ref) {
  if (process.env.NODE_ENV !== 'production') checkScopePicker(props)
  const { provider, host, connection, tools, value, defaultValue, onChange, name, ...rest } = props
  const keywell = useKeywell()
  const { legend, loading } = useTexts(scopeFrameTexts).scopes
  const { notLoaded } = useTexts(connectTexts)
  const root = useRef<HTMLFieldSetElement>(null)
  useImperativeHandle<HTMLFieldSetElement | null, HTMLFieldSetElement | null>(
    ref,
    () => root.current,
  )
  const { state, retry } = useScopeOptions({
    provider,
    host: host ?? connection?.host,
    connectionId: connection?.id,
  })
  const late = useLateChoice()
  const title = useTitle(provider)
  // One element from the first state on: what becomes of its text is read aloud.
  const notice = late ? late.noticeOf(state, keywell.messages) : late === null ? notLoaded : loading
  const shown = late ? state.name : late === null ? 'error' : 'loading'
  useFocusAfterRetry(root, shown)
  const part = useParts()
  return (
    <fieldset
      {...rest}
      ref={root}
      tabIndex={-1}
      {...part('scopePicker')}
      className={joinClasses(part('scopePicker').className, rest.className)}
      data-state={shown}
      aria-busy={shown === 'loading'}
    >
      <legend>{fill(legend, { provider: title })}</legend>
      {late && notice === undefined ? (
        <late.OfferedChoice {...props} {...{ state, retry }} />
      ) : (
        <p role="status" {...part('note')}>
          {fill(notice ?? '', { provider: title })}
        </p>
      )}
    </fieldset>
  )
})

/** Fetched while what can be chosen is read. */
const useLateChoice = latePart(() => import('./offered-choice.tsx'))

/** The button that tried again is gone, and with it the focus. */
function useFocusAfterRetry(
  root: RefObject<HTMLFieldSetElement | null>,
  name: ScopeOptionsState['name'],
): void {
  const before = useRef(name)
  useEffect(() => {
    if (before.current === 'error' && name !== 'error') returnFocus(root)
    before.current = name
  }, [root, name])
}

function checkScopePicker({ provider, value, defaultValue, tools }: ScopePickerProps): void {
  checkProps('ScopePicker', {
    ...needsProvider(provider),
    'got scopes or tools that are no array': [
      [value, defaultValue, tools].some((list) => list !== undefined && !Array.isArray(list)),
      "Write defaultValue={['read_api']} and tools={['gitlab_issues_list']}.",
    ],
  })
}
