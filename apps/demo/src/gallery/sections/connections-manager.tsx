import { ConnectionsManager, type ConnectionsManagerProps } from '@keywell/react'
import { many, one, removed, several, states } from '../accounts.ts'
import { offer } from '../fixtures.ts'
import type { Group, Section } from '../section.ts'

const providers = [offer]
/** Read, with what can be added, which is read last. */
const ready = '[data-keywell-manager][data-state="ready"]:has([data-keywell-add])'
const manage = `${ready} [data-keywell-manage]`
const dialog = 'dialog[open]'
const scopes = `${dialog} [data-keywell-choices] > :nth-child(2)`
const danger = `${dialog} [data-keywell-danger]`

/** A list that is one of many on its page: each has a name of its own. */
function accounts(
  { title, ...rest }: Omit<Section, 'show' | 'isWide'>,
  props: ConnectionsManagerProps = {},
): Section {
  const show = () => (
    <ConnectionsManager
      aria-label={title}
      aria-labelledby={undefined}
      headingLevel={4}
      {...props}
    />
  )
  return { title, isWide: true, show, ...rest }
}

/** Each state of the list, in the order in which a user meets them. */
export const connectionsManager: Group = {
  title: 'ConnectionsManager',
  sections: [
    accounts({
      id: 'accounts-loading',
      title: 'Accounts that are not read yet',
      answers: { connections: 'never' },
      until: '[data-keywell-connection][data-loading]',
    }),
    accounts({
      id: 'accounts-empty',
      title: 'No account',
      answers: { providers },
      until: ready,
    }),
    accounts({
      id: 'accounts-one',
      title: 'One account',
      answers: { providers, connections: [one] },
      until: ready,
    }),
    accounts({
      id: 'accounts-several',
      title: 'Several accounts',
      answers: { providers, connections: several },
      until: ready,
    }),
    accounts({
      id: 'accounts-broken',
      title: 'Accounts that need their user',
      answers: { providers, connections: [states.revoked, { ...states.timeIsOver, name: 'work' }] },
      until: ready,
    }),
    accounts({
      id: 'accounts-reconnecting',
      title: 'An account that is connected again',
      answers: { providers, connections: [states.revoked] },
      clicks: [`${ready} [data-keywell-row-actions] [data-state="needs_reauth"]`],
      until: `${ready} [data-keywell-row-actions] [data-state="waiting"]`,
    }),
    accounts({
      id: 'accounts-name',
      title: 'The name of a further account',
      answers: { providers, connections: [one] },
      clicks: [`${ready} [data-keywell-add] > [data-keywell-button]`],
      until: '[data-keywell-name-form]',
    }),
    {
      ...accounts({
        id: 'accounts-many',
        title: 'The end of a long list',
        answers: { providers, connections: many },
        until: ready,
      }),
      show: () => (
        <div className="end">
          <ConnectionsManager
            aria-label="The end of a long list"
            aria-labelledby={undefined}
            headingLevel={4}
          />
        </div>
      ),
    },
    accounts({
      id: 'accounts-error',
      title: 'They could not be read',
      answers: { connections: 'unavailable' },
      until: '[data-keywell-manager][data-state="error"] [role="alert"]',
    }),
    accounts(
      {
        id: 'accounts-own-choice',
        title: 'A choice of scopes that the app draws',
        answers: { providers, connections: [one] },
        clicks: [manage, scopes],
        until: '[data-keywell-scope-choice]',
      },
      {
        scopePicker: ({ connection, cancel }) => (
          <>
            {connection.scopes.join(', ')}{' '}
            <button type="button" onClick={cancel}>
              Keep it
            </button>
          </>
        ),
      },
    ),
  ],
}

/** What "Manage" of an account opens. */
export const managedAccount: Group = {
  title: 'Dialogs of an account',
  sections: [
    accounts({
      id: 'accounts-account',
      title: 'An account and what can be done with it',
      answers: { providers, connections: several },
      clicks: [manage],
      until: `${dialog} [data-keywell-facts] ul`,
      isModal: true,
    }),
    accounts({
      id: 'accounts-scopes',
      title: 'Its scopes are changed',
      answers: { providers, connections: [one] },
      clicks: [manage, scopes],
      until: `${dialog} [data-keywell-scope-picker][data-state="ready"]`,
      isModal: true,
    }),
    accounts({
      id: 'accounts-disconnect',
      title: 'The question before it goes',
      answers: { providers, connections: [one] },
      clicks: [manage, danger],
      until: `${dialog} [aria-describedby]`,
      isModal: true,
    }),
    accounts({
      id: 'accounts-not-disconnected',
      title: 'It could not be removed',
      answers: { providers, connections: [one] },
      clicks: [manage, danger, `${dialog} [role="alert"] ~ * > [data-keywell-danger]`],
      until: `${dialog} [role="alert"]:not(:empty)`,
      isModal: true,
    }),
    accounts({
      id: 'accounts-manual',
      title: 'Its key is left to its user',
      answers: { providers, connections: [one], removal: removed },
      clicks: [manage, danger, `${dialog} [role="alert"] ~ * > [data-keywell-danger]`],
      until: `${dialog} a[href]`,
      isModal: true,
    }),
  ],
}
