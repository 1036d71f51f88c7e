import type { Texts } from './texts.ts'

/** Of the dialog that shows a connected account and removes it. */
export interface AccountTexts {
  /** Names of facts, and what can be done. */
  readonly account: Texts<
    | 'account'
    | 'host'
    | 'since'
    | 'ends'
    | 'missing'
    | 'manage'
    | 'reconnect'
    | 'scopes'
    | 'disconnect'
    | 'close'
  >
  /** In the dialog that asks before a connection is removed. `manual`: its key still works at the provider. */
  readonly disconnect: Texts<
    'title' | 'text' | 'keep' | 'confirm' | 'busy' | 'failed' | 'done' | 'manual' | 'open'
  >
}

export const accountTexts: AccountTexts = {
  account: {
    account: 'Account',
    host: 'Address',
    since: 'Connected',
    ends: 'Access ends',
    missing: 'Not granted',
    manage: 'Manage',
    reconnect: 'Reconnect',
    scopes: 'Change what is allowed',
    disconnect: 'Disconnect',
    close: 'Close',
  },
  disconnect: {
    title: 'Disconnect {provider}?',
    text: 'This app loses its access to {provider}. Nothing is deleted there, and you can connect again at any time.',
    keep: 'Keep it connected',
    confirm: 'Disconnect {provider}',
    busy: 'Disconnecting …',
    failed: 'That did not work. {provider} is still connected. Please try again.',
    done: '{provider} is disconnected',
    manual: 'One step is left. The key still works at {provider} until you remove it there.',
    open: 'Remove it at {provider}',
  },
}
