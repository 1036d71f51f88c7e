'use client'

import {
  type ComponentPropsWithoutRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type RefAttributes,
  useId,
} from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import { useTexts } from './context.ts'
import { HostFrame, onEnter } from './host-frame.tsx'
import { joinClasses, useParts } from './parts.ts'
import { hostFrameTexts } from './texts/host-frame.ts'
import { fill } from './texts/texts.ts'
import { type HostFieldOptions, useHostLook } from './use-host-look.ts'
import { useTitle } from './use-title.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type InputProps = ComponentPropsWithoutRef<'input'>

export interface HostFieldProps extends HostFieldOptions, Omit<InputProps, 'value' | 'type'> {}

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
  const title = useTitle(provider)
  const { host: texts } = useTexts(hostFrameTexts)
  const say = (sentence: string) => fill(sentence, { provider: title })
  const words = { idle: texts.hint, checking: texts.checking }
  const typing = useHostLook(props, { first: defaultValue, say, words, textOf: (host) => host })
  const { text, state, edit } = typing
  const part = useParts()('hostInput')
  const ids = useId()
  const inputId = rest.id ?? `${ids}input`

  return (
    <HostFrame
      inputId={inputId}
      noteId={`${ids}note`}
      label={say(texts.label)}
      typing={typing}
      check={texts.check}
    >
      <input
        inputMode="url"
        autoComplete="url"
        autoCapitalize="none"
        spellCheck={false}
        aria-describedby={`${ids}note`}
        {...rest}
        {...part}
        className={joinClasses(part.className, rest.className)}
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
        onKeyDown={onEnter(onKeyDown, typing)}
      />
    </HostFrame>
  )
})
