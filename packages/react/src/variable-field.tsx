'use client'

import type { PlaceView } from '@keywell/protocol'
import {
  type ForwardedRef,
  type ForwardRefExoticComponent,
  forwardRef,
  type HTMLAttributes,
  type RefAttributes,
  useId,
} from 'react'
import { checkProps, needsProvider } from './check-props.ts'
import { useTexts } from './context.ts'
import { HostFrame, onEnter } from './host-frame.tsx'
import { joinClasses, useParts } from './parts.ts'
import { hostFrameTexts } from './texts/host-frame.ts'
import { fill } from './texts/texts.ts'
import { variableTexts } from './texts/variable.ts'
import { type HostFieldOptions, useHostLook } from './use-host-look.ts'
import { usePlace } from './use-place.ts'
import { useTitle } from './use-title.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

type Control = HTMLInputElement | HTMLSelectElement

export interface VariableFieldProps
  extends HostFieldOptions,
    Omit<HTMLAttributes<Control>, 'defaultValue'> {
  /** What stands in it at first. */
  defaultValue?: string | undefined
  /** Of the form around it. */
  name?: string | undefined
  /** Whether that form needs it. Default: no. */
  required?: boolean | undefined
  /** Whether nothing can be typed or chosen. Default: no. */
  disabled?: boolean | undefined
}

/**
 * Takes the one word that makes the address of a provider: a subdomain, a shop, a workspace, a region. What it is
 * called, and whether it is typed or chosen, the service says. A whole address that is pasted is cut down to it.
 *
 * ```tsx
 * const [host, setHost] = useState<string | null>(null)
 * <VariableField provider="algolia" method="key" onHost={setHost} />
 * {host && <ConnectButton provider="algolia" method="key" host={host} />}
 * ```
 *
 * A label, an `<input>` with a button, or a `<select>`, which gets `ref` and all other props. For a provider whose
 * instances have addresses of their own it is as `HostField`.
 *
 * @key Enter: has the word checked, and submits no form
 */
export const VariableField: ForwardRefExoticComponent<VariableFieldProps & RefAttributes<Control>> =
  forwardRef<Control, VariableFieldProps>(function VariableField(props, ref) {
    if (process.env.NODE_ENV !== 'production') {
      checkProps('VariableField', needsProvider(props.provider))
    }
    const { provider, method, onHost, onCheck, onChange, onKeyDown, defaultValue, ...rest } = props
    const place = usePlace(provider)
    const { say, words, label, check, choose } = useWords(provider, place)
    const textOf = (host: string, typed: string) => shownText(place, host, typed)
    const typing = useHostLook(props, { first: defaultValue, say, words, textOf })
    const { text, state, edit, look } = typing
    const part = useParts()('hostInput')
    const ids = useId()
    const isChoice = place?.kind === 'choice'
    const control = {
      'aria-describedby': `${ids}note`,
      ...rest,
      ...part,
      className: joinClasses(part.className, rest.className),
      id: rest.id ?? `${ids}input`,
      value: text,
      'aria-invalid': state.look?.isWrong || undefined,
      'aria-busy': state.name === 'checking',
    }
    return (
      <HostFrame
        inputId={control.id}
        noteId={`${ids}note`}
        label={label}
        typing={typing}
        check={isChoice ? undefined : check}
      >
        {isChoice ? (
          <select
            {...control}
            ref={ref as ForwardedRef<HTMLSelectElement>}
            onKeyDown={onKeyDown}
            onChange={(event) => {
              onChange?.(event)
              edit(event.target.value)
              void look(event.target.value)
            }}
          >
            <option value="">{choose}</option>
            {place.options.map(({ value, title }) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        ) : (
          <input
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...control}
            type="text"
            ref={ref as ForwardedRef<HTMLInputElement>}
            onKeyDown={onEnter(onKeyDown, typing)}
            onChange={(event) => {
              onChange?.(event)
              edit(event.target.value)
            }}
          />
        )}
      </HostFrame>
    )
  })

function useWords(provider: string, place: PlaceView | undefined) {
  const { host } = useTexts(hostFrameTexts)
  const { variable } = useTexts(variableTexts)
  const { title = '', example } = place ?? {}
  const values = { provider: useTitle(provider), variable: title, example: example ?? '' }
  const say = (sentence: string) => fill(sentence, values)
  const { label, hint, choiceHint, choose, ...found } = { ...variable }
  const isOwn = place !== undefined
  const idle = place?.kind === 'choice' ? choiceHint : isOwn ? hint : host.hint
  const words = { ...(isOwn && found), idle, checking: host.checking }
  return { say, words, label: say(isOwn ? label : host.label), check: host.check, choose }
}

/** The word alone, as its person has spelled it; the address, where nothing is known of words. */
function shownText(place: PlaceView | undefined, host: string, typed: string): string {
  if (place === undefined) return host
  if (place.kind === 'choice') return typed
  const [before = '', after = ''] = place.example?.split('…') ?? []
  const word = host.slice(before.length, host.length - after.length)
  const written = typed.trim()
  return word.toLowerCase() === written.toLowerCase() ? written : word
}
