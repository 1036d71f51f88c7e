import { ConnectButton } from '@keywell/react'
import type { ReactElement } from 'react'
import { broken, connection, ending, longName } from '../fixtures.ts'
import type { Group } from '../section.ts'

const button = '[data-keywell-button]'
const state = (name: string) => `${button}[data-state="${name}"]:not([data-loading])`
const plain = (): ReactElement => <ConnectButton provider="gitlab" />
const connected = (): ReactElement => (
  <ConnectButton provider="gitlab" disconnectable onManage={() => {}} />
)

/** Each state of the button, in the order in which a user meets them. */
export const connectButton: Group = {
  title: 'ConnectButton',
  sections: [
    {
      id: 'idle',
      title: 'Not connected',
      show: plain,
      until: state('idle'),
    },
    {
      id: 'loading',
      title: 'Not known yet',
      answers: { connections: 'never' },
      show: plain,
      until: `${button}[data-loading]`,
    },
    {
      id: 'opening',
      title: 'The window opens',
      answers: { session: 'never' },
      show: plain,
      clicks: [state('idle')],
      until: state('opening'),
    },
    {
      id: 'waiting',
      title: 'The user is at the provider',
      show: plain,
      clicks: [state('idle')],
      until: state('waiting'),
    },
    {
      id: 'popup-closed',
      title: 'The window looks closed',
      answers: { popup: 'closed' },
      show: plain,
      clicks: [state('idle')],
      until: '[data-keywell-action] + [data-keywell-action]',
    },
    {
      id: 'blocked',
      title: 'The browser blocked the window',
      answers: { popup: 'blocked' },
      show: plain,
      clicks: [state('idle')],
      until: state('blocked'),
    },
    {
      id: 'confirming',
      title: 'The app confirms',
      answers: { flow: { status: 'confirming' } },
      show: plain,
      clicks: [state('idle')],
      until: state('confirming'),
    },
    {
      id: 'connected',
      title: 'Connected',
      answers: { connections: [connection] },
      show: connected,
      until: state('connected'),
    },
    {
      id: 'connected-long',
      title: 'A long name',
      answers: { connections: [longName] },
      show: connected,
      until: state('connected'),
    },
    {
      id: 'needs-reauth',
      title: 'Access was withdrawn',
      answers: { connections: [broken] },
      show: connected,
      until: state('needs_reauth'),
    },
    {
      id: 'denied',
      title: 'The user did not allow it',
      answers: {
        flow: {
          status: 'denied',
          error: { code: 'access_denied', message: 'Denied.', retryable: true },
        },
      },
      show: plain,
      clicks: [state('idle')],
      until: state('denied'),
    },
    {
      id: 'cancelled',
      title: 'The user cancelled',
      answers: { flow: { status: 'cancelled' } },
      show: plain,
      clicks: [state('idle')],
      until: state('cancelled'),
    },
    {
      id: 'expired',
      title: 'It took too long',
      answers: { flow: { status: 'expired' } },
      show: plain,
      clicks: [state('idle')],
      until: state('expired'),
    },
    {
      id: 'provider-error',
      title: 'The provider refused',
      answers: {
        flow: {
          status: 'failed',
          error: {
            code: 'provider_error',
            message: 'Refused.',
            providerReason: 'two_factor_required',
            retryable: false,
          },
        },
      },
      show: plain,
      clicks: [state('idle')],
      until: state('error'),
    },
    {
      id: 'error',
      title: 'The service cannot be reached',
      answers: { session: 'unavailable' },
      show: plain,
      clicks: [state('idle')],
      until: state('error'),
    },
    {
      id: 'variants',
      title: 'Sizes and variants',
      show: () => (
        <>
          {(['primary', 'outline', 'ghost'] as const).map((variant) => (
            <div key={variant} className="row">
              {(['sm', 'md', 'lg'] as const).map((size) => (
                <ConnectButton key={size} provider="gitlab" variant={variant} size={size}>
                  GitLab
                </ConnectButton>
              ))}
            </div>
          ))}
        </>
      ),
      until: state('idle'),
    },
    {
      id: 'monogram',
      title: 'A provider without a mark, disabled',
      show: () => (
        <div className="row">
          <ConnectButton provider="acme-forge" variant="outline" />
          <ConnectButton provider="gitlab" disabled />
        </div>
      ),
      until: state('idle'),
    },
  ],
}

/** What a click on a connected button opens. */
export const accountDialog: Group = {
  title: 'Account dialog',
  sections: [
    {
      id: 'account',
      title: 'The account and what can be done',
      answers: { connections: [ending] },
      show: connected,
      clicks: [state('connected')],
      until: 'dialog[open] [data-keywell-facts]',
      isModal: true,
    },
    {
      id: 'disconnect',
      title: 'The question before it is disconnected',
      answers: { connections: [connection] },
      show: connected,
      clicks: [state('connected'), 'dialog [data-keywell-danger]'],
      until: 'dialog[open] [aria-describedby]',
      isModal: true,
    },
    {
      id: 'disconnect-failed',
      title: 'It could not be disconnected',
      answers: { connections: [connection] },
      show: connected,
      clicks: [
        state('connected'),
        'dialog [data-keywell-danger]',
        'dialog [role="alert"] ~ * > [data-keywell-danger]',
      ],
      until: 'dialog[open] [role="alert"]:not(:empty)',
      isModal: true,
    },
  ],
}
