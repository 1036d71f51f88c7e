import type { Connection } from '@keywell/protocol'
import { type MemoExoticComponent, memo, type ReactElement, type ReactNode, useRef } from 'react'
import { ConnectActions } from './connect-actions.tsx'
import { ConnectContent } from './connect-content.tsx'
import { type ConnectView, stateAttributes, viewOf } from './connect-view.ts'
import { ConnectionStatus } from './connection-status.tsx'
import { useKeywell, useTexts } from './context.ts'
import { type ConnectHandlers, isBusy, type ProviderOptions } from './core/index.ts'
import { Filled } from './filled.tsx'
import { useFocusReturn } from './focus.ts'
import { Icon } from './icons.tsx'
import { accountName, titleOf } from './messages.ts'
import { own } from './own.ts'
import { ProviderMark } from './provider-mark.tsx'
import { RelativeTime } from './relative-time.tsx'
import { connectTexts } from './texts/connect.ts'
import { managerTexts } from './texts/manager.ts'
import { statusTexts } from './texts/status.ts'
import { fill } from './texts/texts.ts'
import { useConnect } from './use-connect.ts'

export interface ConnectionRowProps {
  connection: Connection
  /** What the service says of its provider; undefined: it has not said anything yet. */
  options: ProviderOptions | undefined
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
    const { connection, options, Heading, handlers, onManage, children } = props
    const { id: connectionId, provider, host, name: connectionName } = connection
    const keywell = useKeywell()
    const texts = useTexts(connectTexts)
    const { manager } = useTexts(managerTexts)
    const target = { provider, host, connectionName, connectionId }
    const { state, connect } = useConnect(target, handlers)
    const manage = useRef<HTMLButtonElement>(null)
    useFocusReturn(manage, state)
    const again = { scopes: scopesAgain(connection, options) }
    const view = viewOf(keywell, target, { state, connect, options: again, texts })
    const title = titleOf(keywell, provider)
    const account = accountName(connection)
    const whole = [labelOf(connection, title), account].filter(Boolean).join(', ')
    // Before the first effect a button's state says nothing yet.
    const isCalm = state.name === 'connected' || (state.name === 'idle' && !connection.needsReauth)
    return (
      <li data-keywell-connection={connectionId} data-state={connection.status}>
        <ProviderMark provider={provider} size={24} />
        <div data-keywell-about="">
          <Heading data-keywell-title="">
            {title}
            {connectionName !== 'default' && <span data-keywell-name="">{connectionName}</span>}
          </Heading>
          <p>
            <bdi>{account ?? connection.account.id}</bdi>
            {isSelfManaged(connection) && <> · {nameOfHost(host)}</>}
          </p>
          <ConnectionStatus connection={connection} />
          <Use connection={connection} options={options} />
        </div>
        <div data-keywell-row-actions="">
          {!isCalm && (
            <button
              type="button"
              {...stateAttributes(state, false)}
              data-size="sm"
              data-variant="primary"
              aria-disabled={isBusy(state)}
              onClick={() => (isBusy(state) ? connect.focus() : view.start())}
            >
              <ConnectContent provider={provider} view={view} opensDialog={false} />
            </button>
          )}
          <button
            ref={manage}
            type="button"
            data-keywell-button=""
            data-keywell-manage=""
            data-size="sm"
            data-variant="ghost"
            aria-haspopup="dialog"
            aria-label={fill(manager.manage, { account: whole })}
            onClick={() => onManage(connection, view)}
          >
            <Icon name="more" />
          </button>
        </div>
        {/* Why it needs its user, the row says already. */}
        {state.name !== 'needs_reauth' && <ConnectActions view={view} />}
        {children}
      </li>
    )
  },
)

/** What it may be used for, and when it last was. */
function Use({
  connection,
  options,
}: Pick<ConnectionRowProps, 'connection' | 'options'>): ReactElement {
  const { locale } = useKeywell()
  const { manager } = useTexts(managerTexts)
  const { now } = useTexts(statusTexts).status
  const { provider, scopes, missingScopes, lastUsedAt, endsAt, needsReauth } = connection
  const inWords = useScopesInWords(provider, options)
  const [first, ...more] = inWords(scopes)
  const several = { scope: first ?? '', count: String(more.length) }
  const missing = new Intl.ListFormat(locale).format(inWords(missingScopes))
  const at = (text: string, time: string) => (
    <Filled text={text} values={{ when: <RelativeTime at={time} now={now} /> }} />
  )
  const times = {
    used: lastUsedAt && at(manager.lastUsed, lastUsedAt),
    ends: !needsReauth && endsAt && at(manager.ends, endsAt),
  }
  return (
    <>
      {missing && <p data-keywell-missing="">{fill(manager.missing, { list: missing })}</p>}
      {first && (
        <p data-keywell-use="">{more.length > 0 ? fill(manager.andMore, several) : first}</p>
      )}
      {Object.entries(times).map(
        ([name, time]) =>
          time && (
            <p key={name} data-keywell-use="">
              {time}
            </p>
          ),
      )}
    </>
  )
}

/**
 * Says what scopes allow: by the app's words, by the service's sentences without their full stop, or by the names of
 * the scopes where the service has not sent any.
 */
export function useScopesInWords(
  provider: string,
  options: ProviderOptions | undefined,
): (scopes: readonly string[]) => string[] {
  const { scopeWords = {} } = useKeywell().messages
  const words = own(scopeWords, provider)?.scopes ?? {}
  const sentenceOf = (scope: string) => options?.scopes.find(({ name }) => name === scope)?.sentence
  return (scopes) =>
    scopes.map((scope) => (own(words, scope) ?? sentenceOf(scope))?.replace(/\.$/, '') ?? scope)
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

/** The provider, and what tells this account apart from others there. */
export function labelOf(connection: Connection, title: string): string {
  const { name, host } = connection
  if (name !== 'default') return `${title} (${name})`
  return isSelfManaged(connection) ? `${title} (${nameOfHost(host)})` : title
}

function isSelfManaged({ host, provider }: Connection): boolean {
  return host !== `https://${provider}.com`
}

function nameOfHost(host: string): string {
  return host.replace(/^https?:\/\//, '')
}
