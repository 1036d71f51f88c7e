'use client'

import type { ConnectMethod, HostCheck, ProviderName } from '@keywell/protocol'
import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type KeyboardEvent,
  type RefAttributes,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import { useKeywell, useTexts } from './context.ts'
import type { HostLook } from './host-look.tsx'
import { titleOf } from './messages.ts'
import { joinClasses, useParts } from './parts.ts'
import { connectTexts } from './texts/connect.ts'
import { hostFrameTexts } from './texts/host-frame.ts'
import { fill } from './texts/texts.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type InputProps = ComponentPropsWithoutRef<'input'>

export interface HostFieldProps extends Omit<InputProps, 'value' | 'type'> {
  /** Name in the catalogue, e.g. `gitlab`. */
  provider: ProviderName
  /** How the account is to be connected there. Default: by any method that the session allows. */
  method?: ConnectMethod | undefined
  /**
   * The base URL for `host` of the button, once an account can be connected there; null as soon as that is not known
   * any more.
   */
  onHost?: ((host: string | null) => void) | undefined
  /** Every answer of the service, also that nothing is registered there. */
  onCheck?: ((check: HostCheck) => void) | undefined
}

type State =
  | 'idle'
  | 'checking'
  | 'notAllowed'
  | 'error'
  | 'ready'
  | 'notRegistered'
  | 'notRecognised'
  | 'unreachable'

interface Shown {
  readonly name: State
  /** What the service said. An `error` without it: the code that asks could not be fetched. */
  readonly look?: HostLook | undefined
}

/**
 * Takes the address of a self-managed instance, as people paste it, and has the service find out what it means.
 *
 * ```tsx
 * const [host, setHost] = useState<string | null>(null)
 * <HostField provider="gitlab" onHost={setHost} />
 * {host && <ConnectButton provider="gitlab" host={host} />}
 * ```
 *
 * A label, an `<input>`, which gets `ref` and all other props, and a button. The address is checked by the button,
 * and by Enter; your `onKeyDown` runs first and may prevent ours.
 *
 * @key Enter: has the address checked, and submits no form
 */
export const HostField: ForwardRefExoticComponent<
  HostFieldProps & RefAttributes<HTMLInputElement>
> = forwardRef<HTMLInputElement, HostFieldProps>(function HostField(props, ref) {
  if (process.env.NODE_ENV !== 'production') {
    checkProps('HostField', needsProvider(props.provider))
  }
  const { provider, method, onHost, onCheck, onChange, onKeyDown, defaultValue, ...rest } = props
  const { texts, say, note, text, state, edit, look } = useHostLook(props)
  const part = useParts()
  const ids = useId()
  const inputId = rest.id ?? `${ids}input`

  return (
    <div {...part('hostField')} data-state={state.name}>
      <label {...part('hostLabel')} htmlFor={inputId}>
        {say(texts.label)}
      </label>
      <input
        inputMode="url"
        autoComplete="url"
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={`${ids}note`}
        {...rest}
        {...part('hostInput')}
        className={joinClasses(part('hostInput').className, rest.className)}
        type="text"
        id={inputId}
        ref={ref}
        value={text}
        aria-invalid={state.look?.isWrong || undefined}
        aria-busy={state.name === 'checking'}
        onChange={(event) => {
          onChange?.(event)
          edit(event.target.value)
        }}
        onKeyDown={(event: KeyboardEvent<HTMLInputElement>) => {
          onKeyDown?.(event)
          if (event.defaultPrevented || event.key !== 'Enter') return
          // Enter would send the form around the field.
          event.preventDefault()
          void look()
        }}
      />
      <button
        type="button"
        {...part('hostCheck')}
        aria-disabled={state.name === 'checking' || undefined}
        onClick={() => void look()}
      >
        {say(texts.check)}
      </button>
      <p id={`${ids}note`} {...part('note')}>
        {note}
      </p>
      {state.look?.registration}
    </div>
  )
})

/** The text of a field and what the service says of it. The answer of a look that is not the newest is dropped. */
function useHostLook({ provider, method, onHost, onCheck, defaultValue }: HostFieldProps) {
  const keywell = useKeywell()
  const { client, announce, messages } = keywell
  const { host: texts } = useTexts(hostFrameTexts)
  const { notLoaded } = useTexts(connectTexts)
  const [text, setText] = useState(String(defaultValue ?? ''))
  const [state, setState] = useState<Shown>({ name: 'idle' })
  const newest = useRef(0)
  const say = (sentence: string) => fill(sentence, { provider: titleOf(keywell, provider) })
  const sentences: Partial<Record<State, string>> = {
    checking: texts.checking,
    error: notLoaded,
  }
  const noteOf = ({ name, look }: Shown) =>
    say(look?.sentence(messages) ?? sentences[name] ?? texts.hint)

  // An import that failed is told of by the look.
  useEffect(() => void load().catch(() => undefined), [])

  function move(next: Shown): void {
    setState(next)
    announce(noteOf(next))
  }

  async function look(): Promise<void> {
    if (text.trim() === '' || state.name === 'checking') return
    newest.current += 1
    const mine = newest.current
    move({ name: 'checking' })
    const found = await load().then(
      ({ lookAt }) => lookAt(client, { provider, host: text, method }),
      () => undefined,
    )
    if (mine !== newest.current) return
    move({ name: found?.name ?? 'error', look: found })
    if (!found?.check) return
    setText(found.check.host)
    onCheck?.(found.check)
    if (found.name === 'ready') onHost?.(found.check.host)
  }

  function edit(typed: string): void {
    setText(typed)
    newest.current += 1
    if (state.name === 'ready') onHost?.(null)
    setState({ name: 'idle' })
  }

  return { texts, say, note: noteOf(state), text, state, edit, look }
}

/** What becomes of an address: fetched when a page shows its first field. */
const load = () => import('./host-look.tsx')
