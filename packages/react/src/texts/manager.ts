import { managerFrameTexts } from './manager-frame.ts'
import type { Texts } from './texts.ts'

/** Of the list of connected accounts. */
export interface ManagerTexts {
  readonly manager: Texts<
    | 'heading'
    | 'loading'
    | 'empty'
    | 'emptyHint'
    | 'error'
    | 'retry'
    | 'more'
    // How many of all are shown.
    | 'shown'
    // Name of the button of a row, for screen readers.
    | 'manage'
    // Names of facts: what the app may do, and when it last did.
    | 'scopes'
    | 'used'
    | 'never'
    | 'lastUsed'
    // Behind the first scope of several.
    | 'andMore'
    | 'missing'
    | 'ends'
    | 'add'
    | 'name'
    | 'nameHint'
    // A name for an account whose user types none: letters of a to z, digits and "-".
    | 'suggestion'
    | 'cancel'
    // Read out when it happens elsewhere: in another window, or at the provider.
    | 'added'
    | 'gone'
    | 'attention'
  >
}

export const managerTexts: ManagerTexts = {
  manager: {
    ...managerFrameTexts.manager,
    empty: 'No account is connected yet',
    emptyHint: 'Connect one to begin. You can take the access back at any time.',
    error: 'Your accounts cannot be shown at the moment. They stay connected. Please try again.',
    retry: 'Try again',
    more: 'Show more',
    shown: '{shown} of {total} accounts',
    manage: 'Manage {account}',
    scopes: 'Allowed',
    used: 'Last used',
    never: 'Not yet',
    lastUsed: 'Last used {when}',
    andMore: '{scope}, and {count} more',
    missing: 'Not granted: {list}',
    ends: 'Access ends {when}',
    add: 'Add another {provider} account',
    name: 'Name of the account',
    nameHint: 'You tell your {provider} accounts apart by it, for instance “work”.',
    suggestion: 'account-{count}',
    cancel: 'Cancel',
    added: '{account} is connected.',
    gone: '{account} is no longer connected.',
    attention: '{account} has to be reconnected.',
  },
}
