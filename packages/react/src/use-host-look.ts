import type { ConnectMethod, HostCheck, ProviderName } from '@keywell/protocol'
import { useEffect, useRef, useState } from 'react'
import { useKeywell, useTexts } from './context.ts'
import type { HostLook } from './host-look.tsx'
import { connectTexts } from './texts/connect.ts'

/** What a field for the host of a provider takes, and tells its app. */
export interface HostFieldOptions {
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

export type HostState =
  | 'idle'
  | 'checking'
  | 'notAllowed'
  | 'error'
  | 'ready'
  | 'notRegistered'
  | 'notRecognised'
  | 'unreachable'

interface Shown {
  readonly name: HostState
  /** What the service said. An `error` without it: the code that asks could not be fetched. */
  readonly look?: HostLook | undefined
}

export interface HostTyping {
  readonly text: string
  readonly state: Shown
  /** The sentence below the field. */
  readonly note: string
  /** What another text is: nothing is known of it. */
  readonly edit: (text: string) => void
  /** Has the service find out what a text means. Default: that of the field. */
  readonly look: (text?: string) => Promise<void>
}

/**
 * The text of a field and what the service says of it. The answer of a look that is not the newest is dropped.
 *
 * @param field.words sentences of the field's own, by its state
 * @param field.textOf what it shows once a host was found
 */
export function useHostLook(
  { provider, method, onHost, onCheck }: HostFieldOptions,
  field: {
    first: unknown
    say: (sentence: string) => string
    words: Partial<Record<HostState, string>> & { idle: string }
    textOf: (host: string, typed: string) => string
  },
): HostTyping {
  const { client, announce, messages } = useKeywell()
  const { notLoaded } = useTexts(connectTexts)
  const [text, setText] = useState(String(field.first ?? ''))
  const [state, setState] = useState<Shown>({ name: 'idle' })
  const newest = useRef(0)
  const noteOf = ({ name, look }: Shown) => {
    const isFetched = name !== 'error' || look !== undefined
    const own = isFetched ? field.words[name] : notLoaded
    return field.say(own ?? look?.sentence(messages) ?? field.words.idle)
  }

  // An import that failed is told of by the look.
  useEffect(() => void load().catch(() => undefined), [])

  function move(next: Shown): void {
    setState(next)
    announce(noteOf(next))
  }

  async function look(typed = text): Promise<void> {
    if (typed.trim() === '' || (state.name === 'checking' && typed === text)) return
    newest.current += 1
    const mine = newest.current
    move({ name: 'checking' })
    const found = await load().then(
      ({ lookAt }) => lookAt(client, { provider, host: typed, method }),
      () => undefined,
    )
    if (mine !== newest.current) return
    move({ name: found?.name ?? 'error', look: found })
    if (!found?.check) return
    setText(field.textOf(found.check.host, typed))
    onCheck?.(found.check)
    if (found.name === 'ready') onHost?.(found.check.host)
  }

  function edit(typed: string): void {
    setText(typed)
    newest.current += 1
    if (state.name === 'ready') onHost?.(null)
    setState({ name: 'idle' })
  }

  return { text, state, note: noteOf(state), edit, look }
}

/** What becomes of an address: fetched when a page shows its first field. */
const load = () => import('./host-look.tsx')
