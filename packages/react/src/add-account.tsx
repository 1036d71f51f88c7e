import type { Connection } from '@keywell/protocol'
import { type ReactElement, useEffect, useId, useRef, useState } from 'react'
import { type KnownProviders, providerOf } from './account-words.ts'
import { ConnectButton } from './connect-button.tsx'
import { useTexts } from './context.ts'
import type { ConnectHandlers, ConnectStateName } from './core/index.ts'
import { useParts } from './parts.ts'
import { managerTexts } from './texts/manager.ts'
import { fill } from './texts/texts.ts'
import type { AccountOffer } from './use-offers.ts'
import { usePlace } from './use-place.ts'
import { useTitle } from './use-title.ts'
import { VariableField } from './variable-field.tsx'

interface AddAccountProps {
  offer: AccountOffer
  known: KnownProviders
  /** The user's connections, at any provider. */
  connections: readonly Connection[]
  handlers: ConnectHandlers
  onAdded: (connection: Connection) => void
}

/** What can be added, each by a button; nothing where that is not known yet. */
export function AddAccounts({
  offers = [],
  ...rest
}: Omit<AddAccountProps, 'offer'> & {
  offers: readonly AccountOffer[] | undefined
}): ReactElement | null {
  const part = useParts()
  if (offers.length === 0) return null
  return (
    <div {...part('add')}>
      {offers.map((offer) => (
        <AddAccount key={`${offer.provider} ${offer.host}`} offer={offer} {...rest} />
      ))}
    </div>
  )
}

/** Connects the first account at a provider, and further ones under names of their own. */
function AddAccount(props: AddAccountProps): ReactElement {
  const { offer, known, connections, handlers, onAdded } = props
  const part = useParts()
  const { manager } = useTexts(managerTexts)
  const [isOpen, setOpen] = useState(false)
  const [text, setText] = useState('')
  /** The name that an attempt is under way for: what arrives in the list meanwhile must not change it. */
  const [attempted, setAttempted] = useState<string>()
  const opener = useRef<HTMLButtonElement>(null)
  const [host, setHost] = useState<string | null>(null)
  const asksPlace = usePlace(isPlaceOpen(offer, known) ? offer.provider : undefined) !== undefined
  const target = asksPlace ? { ...offer, host: host ?? undefined } : offer
  const taken = connections.filter((one) => isAt(one, target)).map(({ name }) => name)
  const provider = useTitle(offer.provider)
  const suggestion = fill(manager.suggestion, { count: String(taken.length + 1) })
  const chosen = taken.includes('default') ? freeName(nameOf(text) || suggestion, taken) : 'default'
  const name = attempted ?? chosen
  const place = asksPlace && (
    <VariableField provider={offer.provider} method={offer.method} onHost={setHost} />
  )
  const button =
    asksPlace && host === null ? null : (
      <ConnectButton
        {...target}
        {...handlers}
        connectionName={name}
        variant={connections.length > 0 && name === 'default' ? 'outline' : 'primary'}
        reconnect={false}
        onEvent={(state, details) => {
          setAttempted(underWay.includes(state) ? name : undefined)
          handlers.onEvent?.(state, details)
        }}
        onSuccess={(connection) => {
          setOpen(false)
          setText('')
          onAdded(connection)
          handlers.onSuccess?.(connection)
        }}
      />
    )
  const close = (): void => {
    setOpen(false)
    // The button that opens it comes back with the next render.
    queueMicrotask(() => opener.current?.focus())
  }
  const choice = (
    <>
      {place}
      {button}
    </>
  )
  if (name === 'default') return choice
  return isOpen ? (
    <NameForm
      provider={provider}
      text={text}
      placeholder={suggestion}
      readOnly={attempted !== undefined}
      onText={setText}
      onClose={close}
    >
      {choice}
    </NameForm>
  ) : (
    <button
      ref={opener}
      type="button"
      {...part('button')}
      data-size="md"
      data-variant="outline"
      aria-expanded={false}
      onClick={() => setOpen(true)}
    >
      {fill(manager.add, { provider })}
    </button>
  )
}

/** Whether the host of an account may be made of a word that only its user knows. */
function isPlaceOpen(offer: AccountOffer, known: KnownProviders): boolean {
  const { host } = offer
  const { hosts = [], defaultHost = null } = providerOf(offer, known) ?? {}
  return host === undefined && hosts.length === 0 && defaultHost === null
}

const underWay: readonly ConnectStateName[] = ['opening', 'waiting', 'confirming', 'blocked']

function NameForm(props: {
  provider: string
  text: string
  placeholder: string
  readOnly: boolean
  onText: (text: string) => void
  onClose: () => void
  children: ReactElement
}): ReactElement {
  const { provider, text, placeholder, readOnly, onText, onClose, children } = props
  const { manager } = useTexts(managerTexts)
  const part = useParts()
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  return (
    <div {...part('nameForm')}>
      <label {...part('nameLabel')} htmlFor={id}>
        {manager.name}
      </label>
      <input
        ref={input}
        {...part('nameInput')}
        id={id}
        type="text"
        autoComplete="off"
        maxLength={40}
        value={text}
        placeholder={placeholder}
        readOnly={readOnly}
        aria-describedby={`${id}hint`}
        onChange={(event) => onText(event.target.value)}
      />
      <p id={`${id}hint`} {...part('note')}>
        {fill(manager.nameHint, { provider })}
      </p>
      {children}
      {!readOnly && (
        <button
          type="button"
          {...part('button')}
          data-size="md"
          data-variant="ghost"
          onClick={onClose}
        >
          {manager.cancel}
        </button>
      )}
    </div>
  )
}

/** Whether a connection is at the place of an offer. One without a host has only one that it can be at. */
function isAt(connection: Connection, { provider, host }: AccountOffer): boolean {
  return (
    connection.provider === provider &&
    (host === undefined || connection.host === host.replace(/\/$/, ''))
  )
}

/** What a person typed, as the name of a connection: `Büro 2` becomes `buro-2`. */
function nameOf(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return (plain.match(/[a-z0-9]+/g) ?? []).join('-').slice(0, 50)
}

/** A name that is taken gets a number. */
function freeName(name: string, taken: readonly string[]): string {
  let free = name
  for (let count = 2; taken.includes(free); count += 1) free = `${name}-${count}`
  return free
}
