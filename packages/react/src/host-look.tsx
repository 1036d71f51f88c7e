import type { CheckHost, HostCheck } from '@keywell/protocol'
import type { ReactElement, ReactNode } from 'react'
import { useTexts } from './context.ts'
import { asConnectError, checkHost, type KeywellClient } from './core/index.ts'
import type { MessagesOverride } from './messages.ts'
import { useParts } from './parts.ts'
import { hostTexts } from './texts/host.ts'
import { mergeTexts } from './texts/texts.ts'

/** What the service says of an address, as a field shows it. */
export interface HostLook {
  readonly name:
    | 'ready'
    | 'notRegistered'
    | 'notRecognised'
    | 'unreachable'
    | 'notAllowed'
    | 'error'
  /** Undefined where the service refused to look. */
  readonly check: HostCheck | undefined
  /** The address itself is wrong: another one may do. */
  readonly isWrong: boolean
  readonly sentence: (messages: MessagesOverride) => string
  /** What an administrator has to register, to be copied. */
  readonly registration: ReactNode
}

const names = {
  ready: 'ready',
  not_registered: 'notRegistered',
  not_recognised: 'notRecognised',
  unreachable: 'unreachable',
} as const

const wrong: readonly HostLook['name'][] = ['notRecognised', 'unreachable', 'notAllowed']

/** Has the service look at an address. */
export function lookAt(
  client: Pick<KeywellClient, 'request'>,
  address: CheckHost,
): Promise<HostLook> {
  return checkHost(client, address).then(
    (check) => describe(names[check.status], check),
    (thrown: unknown) => {
      const { code } = asConnectError(thrown)
      const isRefused = code === 'host_not_allowed' || code === 'not_allowed_for_tenant'
      return describe(isRefused ? 'notAllowed' : 'error')
    },
  )
}

function describe(name: HostLook['name'], check?: HostCheck): HostLook {
  return {
    name,
    check,
    isWrong: wrong.includes(name),
    sentence: (messages) => mergeTexts(hostTexts, messages).host[name],
    registration: check?.registration && <Registration {...check.registration} />,
  }
}

function Registration(props: NonNullable<HostCheck['registration']>): ReactElement {
  const { page, redirectUri, scopes } = props
  const { host } = useTexts(hostTexts)
  const part = useParts()
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
