'use client'

import type { ConnectMethod, HostCheck, ProviderName } from '@keywell/protocol'
import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type KeyboardEvent,
  type ReactElement,
  type RefAttributes,
  useId,
  useRef,
  useState,
} from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import { useKeywell, useTexts } from './context.ts'
import { asConnectError, checkHost } from './core/index.ts'
import { titleOf } from './messages.ts'
import { joinClasses, useParts } from './parts.ts'
import { type HostTexts, hostTexts } from './texts/host.ts'
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
  | { readonly name: 'idle' | 'checking' | 'notAllowed' | 'error' }
  | { readonly name: 'ready' | 'notRegistered' | 'notRecognised' | 'unreachable'; check: HostCheck }

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
  const { texts, say, text, state, edit, look } = useHostLook(props)
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
        aria-invalid={wrong.includes(state.name) || undefined}
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
        {say(messageOf(texts, state.name))}
      </p>
      {'check' in state && <Registration check={state.check} texts={texts} />}
    </div>
  )
})

/** The text of a field and what the service says of it. The answer of a look that is not the newest is dropped. */
function useHostLook({ provider, method, onHost, onCheck, defaultValue }: HostFieldProps) {
  const keywell = useKeywell()
  const { client, announce } = keywell
  const { host: texts } = useTexts(hostTexts)
  const [text, setText] = useState(String(defaultValue ?? ''))
  const [state, setState] = useState<State>({ name: 'idle' })
  const newest = useRef(0)
  const say = (sentence: string) => fill(sentence, { provider: titleOf(keywell, provider) })

  function move(next: State): void {
    setState(next)
    announce(say(messageOf(texts, next.name)))
  }

  async function look(): Promise<void> {
    if (text.trim() === '' || state.name === 'checking') return
    newest.current += 1
    const look = newest.current
    move({ name: 'checking' })
    const next = await checkHost(client, { provider, host: text, method }).then(stateOf, failed)
    if (look !== newest.current) return
    move(next)
    if (!('check' in next)) return
    setText(next.check.host)
    onCheck?.(next.check)
    if (next.name === 'ready') onHost?.(next.check.host)
  }

  function edit(typed: string): void {
    setText(typed)
    newest.current += 1
    if (state.name === 'ready') onHost?.(null)
    setState({ name: 'idle' })
  }

  return { texts, say, text, state, edit, look }
}

/** What an administrator has to register, to be copied. */
function Registration({
  check: { registration },
  texts: host,
}: {
  check: HostCheck
  texts: HostTexts['host']
}): ReactElement | null {
  const part = useParts()
  if (registration === null) return null
  const { page, redirectUri, scopes } = registration
  return (
    <dl {...part('registration')}>
      <dt>{host.page}</dt>
      <dd>
        <a href={page} target="_blank" rel="noreferrer">
          {page}
        </a>
      </dd>
      {redirectUri !== null && (
        <>
          <dt>{host.redirectUri}</dt>
          <dd>
            <code>{redirectUri}</code>
          </dd>
        </>
      )}
      <dt>{host.scopes}</dt>
      <dd>
        <code>{scopes.join(' ')}</code>
      </dd>
    </dl>
  )
}

/** The address itself is wrong: another one may do. */
const wrong: readonly State['name'][] = ['notRecognised', 'unreachable', 'notAllowed']

function messageOf(texts: HostTexts['host'], name: State['name']): string {
  return name === 'idle' ? texts.hint : texts[name]
}

const names = {
  ready: 'ready',
  not_registered: 'notRegistered',
  not_recognised: 'notRecognised',
  unreachable: 'unreachable',
} as const

function stateOf(check: HostCheck): State {
  return { name: names[check.status], check }
}

function failed(thrown: unknown): State {
  const { code } = asConnectError(thrown)
  const isRefused = code === 'host_not_allowed' || code === 'not_allowed_for_tenant'
  return { name: isRefused ? 'notAllowed' : 'error' }
}
