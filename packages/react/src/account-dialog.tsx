import type { Connection } from '@keywell/protocol'
import {
  type ReactElement,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react'
import { type AccountActions, factsOf, remove } from './account-view.ts'
import { useKeywell, useTexts } from './context.ts'
import { Fact } from './fact.tsx'
import { useParts } from './parts.ts'
import { ProviderMark } from './provider-mark.tsx'
import { type AccountTexts, accountTexts } from './texts/account.ts'
import { fill } from './texts/texts.ts'

export interface AccountDialogProps {
  connection: Connection
  /** Title of the provider. */
  title: string
  /** What it shows first. */
  asks: 'account' | 'disconnect'
  actions: AccountActions
  /** What is to be said of the account beside what the dialog knows. */
  facts?: ReactNode
  /** The connection is gone. Receives the sentence that says so. */
  onDisconnected: (sentence: string) => void
  onClose: () => void
}

/**
 * The account behind a connected button, and what can be done with it. A native modal dialog: it keeps the focus
 * inside, returns it, and Escape closes it.
 */
export function AccountDialog(props: AccountDialogProps): ReactElement {
  const { connection, title, onClose } = props
  const texts = useTexts(accountTexts)
  const partOf = useParts()
  const [step, setStep] = useState<Step>({ name: props.asks })
  const dialog = useRef<HTMLDialogElement>(null)
  const safe = useRef<HTMLButtonElement>(null)
  const headingId = useId()

  useEffect(() => {
    // Not closed on the way out: StrictMode runs every effect twice, and would end it at once.
    if (!dialog.current?.open) dialog.current?.showModal()
  }, [])
  // A step's buttons replace those of the step before, and the focus with them.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the step says when
  useEffect(() => safe.current?.focus(), [step.name])

  const heading =
    step.name === 'disconnect' ? fill(texts.disconnect.title, { provider: title }) : title
  const part: PartProps = {
    ...props,
    texts,
    partOf,
    safe,
    go: setStep,
    close: () => dialog.current?.close(),
  }
  return (
    <dialog
      ref={dialog}
      {...partOf('dialog')}
      aria-labelledby={headingId}
      closedby="any"
      onClose={onClose}
    >
      <h2 id={headingId} {...partOf('heading')}>
        <ProviderMark
          provider={connection.provider}
          size={24}
          className={partOf('mark').className}
        />
        {heading}
      </h2>
      {step.name === 'account' && <Account {...part} />}
      {step.name === 'disconnect' && <Disconnect {...part} />}
      {step.name === 'manual' && <Manual {...part} url={step.url} />}
    </dialog>
  )
}

type Step =
  | { readonly name: 'account' | 'disconnect' }
  /** It is gone here; its key has to be removed at the provider by hand. */
  | { readonly name: 'manual'; readonly url: string }

interface PartProps extends AccountDialogProps {
  texts: AccountTexts
  partOf: ReturnType<typeof useParts>
  /** The button that changes nothing: it has the focus first. */
  safe: RefObject<HTMLButtonElement | null>
  go: (step: Step) => void
  close: () => void
}

function Account(props: PartProps): ReactElement {
  const { connection, texts, actions, facts, partOf, safe, go, close } = props
  const { account } = texts
  const { manage, reconnect, changeScopes, disconnectable } = actions
  const leave = (act: () => void) => () => {
    close()
    act()
  }
  return (
    <>
      <Facts connection={connection} texts={account}>
        {facts}
      </Facts>
      <div {...partOf('choices')}>
        {manage && <Choice text={account.manage} onClick={leave(manage)} />}
        {reconnect && <Choice text={account.reconnect} onClick={leave(reconnect)} />}
        {changeScopes && <Choice text={account.scopes} onClick={leave(changeScopes)} />}
        {disconnectable && (
          <Choice text={account.disconnect} onClick={() => go({ name: 'disconnect' })} danger />
        )}
        <button ref={safe} type="button" {...partOf('choice')} onClick={close}>
          {account.close}
        </button>
      </div>
    </>
  )
}

function Facts({
  connection,
  texts,
  children,
}: {
  connection: Connection
  texts: AccountTexts['account']
  children: ReactNode
}): ReactElement {
  const { locale } = useKeywell()
  const partOf = useParts()
  return (
    <dl {...partOf('facts')}>
      {factsOf(connection, texts, locale).map(({ name, text, dateTime }) => (
        <Fact key={name} name={name}>
          {dateTime ? <time dateTime={dateTime}>{text}</time> : text}
        </Fact>
      ))}
      {children}
    </dl>
  )
}

function Disconnect(props: PartProps): ReactElement {
  const { connection, title, partOf, safe, go, close, onDisconnected } = props
  const { connections } = useKeywell().client
  const { disconnect: texts } = props.texts
  const [attempt, setAttempt] = useState<'none' | 'busy' | 'failed'>('none')
  const textId = useId()

  async function disconnect(): Promise<void> {
    if (attempt === 'busy') return
    setAttempt('busy')
    const removal = await remove(connections, connection)
    if (removal.name === 'failed') setAttempt('failed')
    if (removal.name === 'removed') onDisconnected(fill(texts.done, { provider: title }))
    if (removal.name === 'removed' && removal.url) go({ name: 'manual', url: removal.url })
    else if (removal.name !== 'failed') close()
  }

  return (
    <>
      <p id={textId}>{fill(texts.text, { provider: title })}</p>
      <p role="alert">{attempt === 'failed' && fill(texts.failed, { provider: title })}</p>
      <div {...partOf('choices')}>
        <Choice
          text={attempt === 'busy' ? texts.busy : fill(texts.confirm, { provider: title })}
          onClick={() => void disconnect()}
          busy={attempt === 'busy'}
          danger
        />
        <button
          ref={safe}
          type="button"
          {...partOf('choice')}
          aria-describedby={textId}
          onClick={close}
        >
          {texts.keep}
        </button>
      </div>
    </>
  )
}

function Manual(props: PartProps & { url: string }): ReactElement {
  const { title, texts, partOf, safe, close, url } = props
  const values = { provider: title }
  const textId = useId()
  return (
    <>
      <p id={textId}>{fill(texts.disconnect.manual, values)}</p>
      <div {...partOf('choices')}>
        <a {...partOf('choice')} href={url} target="_blank" rel="noreferrer">
          {fill(texts.disconnect.open, values)}
        </a>
        <button
          ref={safe}
          type="button"
          {...partOf('choice')}
          aria-describedby={textId}
          onClick={close}
        >
          {texts.account.close}
        </button>
      </div>
    </>
  )
}

function Choice(props: {
  text: string
  onClick: () => void
  danger?: boolean
  busy?: boolean
}): ReactElement {
  const { text, onClick, danger, busy } = props
  const partOf = useParts()
  return (
    <button
      type="button"
      {...partOf('choice')}
      data-keywell-danger={danger ? '' : undefined}
      aria-busy={busy}
      aria-disabled={busy}
      onClick={onClick}
    >
      {text}
    </button>
  )
}
