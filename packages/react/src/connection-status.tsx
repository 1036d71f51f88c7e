'use client'

import type { Connection } from '@keywell/protocol'
import type { ComponentPropsWithoutRef, ReactElement } from 'react'
import { useKeywell, useTexts } from './context.ts'
import { Filled } from './filled.tsx'
import { Icon } from './icons.tsx'
import { titleOf } from './messages.ts'
import { joinClasses, useParts } from './parts.ts'
import { RelativeTime } from './relative-time.tsx'
import { type StatusTexts, statusTexts } from './texts/status.ts'
import { fill } from './texts/texts.ts'

export interface ConnectionStatusProps extends ComponentPropsWithoutRef<'span'> {
  /** The one that is shown. */
  connection: Connection
}

type State = 'ok' | 'unknown' | 'degraded' | 'needs_reauth' | 'disconnected'

/**
 * How a connection is, in words, with a mark and a colour: whether it works, why not, and when it was last checked.
 *
 * ```tsx
 * const { connection } = useConnection('gitlab')
 * return connection && <ConnectionStatus connection={connection} />
 * ```
 *
 * One `<span>`, which gets all other props; `data-state` is `ok`, `unknown` (it works as far as is known), `degraded`,
 * `needs_reauth` or `disconnected`.
 */
export function ConnectionStatus({ connection, ...rest }: ConnectionStatusProps): ReactElement {
  const keywell = useKeywell()
  const texts = useTexts(statusTexts)
  const part = useParts()
  const state = stateOf(connection)
  const why = whyOf(texts, state, connection)
  const { checkedAt } = connection.health
  const { checked, unchecked, now } = texts.status
  return (
    <span
      {...rest}
      {...part('health')}
      className={joinClasses(part('health').className, rest.className)}
      data-state={state}
    >
      <Icon name={state === 'ok' || state === 'unknown' ? 'check' : 'alert'} />
      <span>
        <b {...part('healthLabel')}>{texts.status[state]}</b>
        {why && <> {fill(why, { provider: titleOf(keywell, connection.provider) })}</>}
        {state !== 'needs_reauth' && state !== 'disconnected' && (
          <>
            {' '}
            <small {...part('healthChecked')}>
              {checkedAt ? (
                <Filled
                  text={checked}
                  values={{ when: <RelativeTime at={checkedAt} now={now} /> }}
                />
              ) : (
                unchecked
              )}
            </small>
          </>
        )}
      </span>
    </span>
  )
}

function stateOf({ status, needsReauth, health }: Connection): State {
  if (needsReauth) return 'needs_reauth'
  return status === 'disconnected' ? status : health.status
}

/** The provider and the service have more reasons than a person can do something about. */
function whyOf(
  { health: texts }: StatusTexts,
  state: State,
  { reason, health }: Connection,
): string | undefined {
  if (state === 'needs_reauth') return reason ? texts[reason] : undefined
  if (state !== 'degraded') return undefined
  switch (health.reason) {
    case 'account_mismatch':
      return texts.account_mismatch
    case 'integration_suspended':
    case 'request_rejected':
      return texts.setup
    default:
      return texts.other
  }
}
