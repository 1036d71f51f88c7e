import type { Connection } from '@keywell/protocol'
import {
  type MemoExoticComponent,
  memo,
  type ReactElement,
  type ReactNode,
  type RefObject,
  useRef,
} from 'react'
import { AccountUse } from './account-use.tsx'
import { accountLabel, instanceOf, type KnownProviders, providerOf } from './account-words.ts'
import { ConnectActions } from './connect-actions.tsx'
import { ConnectContent } from './connect-content.tsx'
import { noteOf } from './connect-notes.ts'
import { type ConnectView, stateAttributes, viewOf } from './connect-view.ts'
import { ConnectionStatus } from './connection-status.tsx'
import { useKeywell, useTexts } from './context.ts'
import { type ConnectHandlers, isBusy, type ProviderOptions } from './core/index.ts'
import { useFocusReturn } from './focus.ts'
import { Icon } from './icons.tsx'
import { accountName } from './messages.ts'
import { joinParts, useParts } from './parts.ts'
import { ProviderMark } from './provider-mark.tsx'
import { connectTexts } from './texts/connect.ts'
import { managerTexts } from './texts/manager.ts'
import { fill } from './texts/texts.ts'
import { useConnect } from './use-connect.ts'

export interface ConnectionRowProps {
  connection: Connection
  known: KnownProviders
  /** Of the heading. */
  Heading: 'h3' | 'h4' | 'h5'
  handlers: ConnectHandlers
  /** The user asks what can be done; `start` of the view connects the account again. */
  onManage: (connection: Connection, view: ConnectView) => void
  /** The choice of scopes, while its user makes one. */
  children: ReactNode
}

/** One account: whose it is, how it is, what it is used for, and what can be done. */
export const ConnectionRow: MemoExoticComponent<(props: ConnectionRowProps) => ReactElement> = memo(
  function ConnectionRow(props: ConnectionRowProps): ReactElement {
    const { connection, known, Heading, handlers, onManage, children } = props
    const manage = useRef<HTMLButtonElement>(null)
    const { view, connect } = useAccountConnect(connection, known, { handlers, manage })
    const { state, title } = view
    const part = useParts()
    return (
      <li
        {...part('connection')}
        data-keywell-connection={connection.id}
        data-state={connection.status}
      >
        <ProviderMark provider={connection.provider} size={24} className={part('mark').className} />
        <div {...part('about')}>
          <Whose connection={connection} known={known} title={title} Heading={Heading} />
          <ConnectionStatus connection={connection} />
          <AccountUse connection={connection} options={providerOf(connection, known)} />
        </div>
        <div {...part('rowActions')}>
          {!isCalm(view, connection) && (
            <ReconnectButton
              provider={connection.provider}
              view={view}
              onClick={() => (isBusy(state) ? connect.focus() : view.start())}
            />
          )}
          <ManageButton
            buttonRef={manage}
            account={[accountLabel(connection, { title, known }), accountName(connection)]
              .filter(Boolean)
              .join(', ')}
            onClick={() => onManage(connection, view)}
          />
        </div>
        {/* Why it needs its user, the row says already. */}
        {state.name !== 'needs_reauth' && <ConnectActions view={view} />}
        {children}
      </li>
    )
  },
)

/** Connects this very account again; afterwards the focus is on the button that is always there. */
function useAccountConnect(
  connection: Connection,
  known: KnownProviders,
  { handlers, manage }: Pick<ConnectionRowProps, 'handlers'> & { manage: ButtonRef },
) {
  const { id: connectionId, provider, host, name: connectionName } = connection
  const keywell = useKeywell()
  const texts = useTexts(connectTexts)
  const target = { provider, host, connectionName, connectionId }
  const { state, connect } = useConnect(target, handlers)
  useFocusReturn(manage, state)
  const options = { scopes: scopesAgain(connection, providerOf(connection, known)) }
  return {
    view: viewOf(keywell, target, { state, connect, options, texts, notes: { noteOf } }),
    connect,
  }
}

type ButtonRef = RefObject<HTMLButtonElement | null>

/** Nothing is to be done. Before the first effect a button's state says nothing yet. */
function isCalm({ state }: ConnectView, { needsReauth }: Connection): boolean {
  return state.name === 'connected' || (state.name === 'idle' && !needsReauth)
}

/** The provider, the name of the account, and who it belongs to, and where. */
function Whose(
  props: Pick<ConnectionRowProps, 'connection' | 'known' | 'Heading'> & { title: string },
): ReactElement {
  const { connection, known, title, Heading } = props
  const { name, account } = connection
  const instance = instanceOf(connection, known)
  const part = useParts()
  return (
    <>
      <Heading {...part('title')}>
        {title}
        {name !== 'default' && <span {...part('name')}>{name}</span>}
      </Heading>
      <p>
        <bdi>{accountName(connection) ?? account.id}</bdi>
        {instance !== undefined && <> · {instance}</>}
      </p>
    </>
  )
}

function ReconnectButton(props: {
  provider: string
  view: ConnectView
  onClick: () => void
}): ReactElement {
  const { provider, view, onClick } = props
  const part = useParts()
  return (
    <button
      type="button"
      {...part('button')}
      {...stateAttributes(view.state, false)}
      data-size="sm"
      data-variant="primary"
      aria-disabled={isBusy(view.state)}
      onClick={onClick}
    >
      <ConnectContent provider={provider} view={view} opensDialog={false} Icon={Icon} />
    </button>
  )
}

function ManageButton(props: {
  buttonRef: ButtonRef
  account: string
  onClick: () => void
}): ReactElement {
  const { buttonRef, account, onClick } = props
  const { manager } = useTexts(managerTexts)
  const part = useParts()
  return (
    <button
      ref={buttonRef}
      type="button"
      {...joinParts(part('button'), part('manage'))}
      data-size="sm"
      data-variant="ghost"
      aria-haspopup="dialog"
      aria-label={fill(manager.manage, { account })}
      onClick={onClick}
    >
      <Icon name="more" />
    </button>
  )
}

/**
 * What is asked for again: what it has and what it lacks, as far as it is offered today. Undefined, which leaves it
 * to the service, where nothing is known of that.
 */
function scopesAgain(
  { scopes, missingScopes }: Connection,
  options: ProviderOptions | undefined,
): string[] | undefined {
  return (
    options &&
    [...scopes, ...missingScopes].filter((scope) =>
      options.scopes.some(({ name }) => name === scope),
    )
  )
}
