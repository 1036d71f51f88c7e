import type { Messages } from './messages.ts'

export const english: Messages = {
  locale: 'en',
  providers: {},
  button: {
    idle: 'Connect {provider}',
    opening: 'Opening {provider} …',
    waiting: 'Waiting for {provider} …',
    confirming: 'Connecting {provider} …',
    connected: 'Connected as {account}',
    connectedUnnamed: '{provider} connected',
    reconnect: 'Reconnect {provider}',
  },
  note: {
    blocked: 'Your browser blocked the window. You can continue in this tab.',
    cancelled: 'You cancelled. Nothing was changed.',
    denied: 'You did not allow access to {provider}. Nothing was changed. You can try again.',
    expired: 'This took too long. Please try again.',
    error: 'Connecting {provider} did not work. Please try again.',
    needs_reauth: '{provider} has to be connected again.',
  },
  popupClosed: 'If the window of {provider} is still open, finish there. If you closed it:',
  reasons: {
    revoked: 'Access to {provider} was withdrawn. Connect it again to go on.',
    refresh_expired: 'Access to {provider} has expired. Connect it again to go on.',
    lost_rotation: 'The connection to {provider} was lost. Connect it again to go on.',
    token_expired:
      'Access to {provider} was given for a limited time, which is over. Connect it again to go on.',
  },
  providerReasons: {
    provider_unavailable: '{provider} cannot be reached. Please try again in a few minutes.',
    terms_not_accepted:
      '{provider} requires that you accept its terms. Accept them there, and try again.',
    account_blocked:
      'This {provider} account is blocked or not approved. Please ask its administrator.',
    two_factor_required: '{provider} requires two-factor sign-in. Set it up there, and try again.',
    robot_check: '{provider} blocked us as a robot. Please ask your administrator.',
    access_refused: 'This {provider} account may not use the API. Please ask its administrator.',
    client_rejected: '{provider} is not set up correctly here. Please ask your administrator.',
    request_rejected: '{provider} is not set up correctly here. Please ask your administrator.',
    answer_unusable: '{provider} gave an answer that makes no sense. Please try again later.',
  },
  errors: {
    account_mismatch:
      'This is another {provider} account than before. Nothing was changed. Sign in there with the account that was connected, or disconnect it first.',
    flow_mismatch:
      'Someone else is signed in now. Nothing was connected. Sign in as yourself, and try again.',
    host_not_allowed:
      'This address of {provider} is not set up here. Please ask your administrator.',
    host_required: '{provider} is not set up correctly here. Please ask your administrator.',
    integration_missing: '{provider} is not set up here. Please ask your administrator.',
    key_refused:
      '{provider} did not accept the key. Nothing was connected. Copy it again, and try again.',
    not_allowed_for_tenant: 'This is not allowed here. Please ask your administrator.',
    origin_not_allowed: 'This page may not connect accounts. Please ask your administrator.',
    rate_limited: 'That was too often. Please wait a minute, and try again.',
    scope_not_allowed: 'This page asks for more than is allowed. Please ask your administrator.',
    unauthorized: 'You are no longer signed in. Sign in, and try again.',
    unavailable: 'The service cannot be reached. Please try again in a few minutes.',
  },
  reference: 'For your administrator: {id}',
  reopen: 'Open again',
  cancel: 'Cancel',
  continueHere: 'Continue in this tab',
  retry: 'Try again',
  popup: 'Connecting to {provider} …',
  account: {
    account: 'Account',
    host: 'Address',
    since: 'Connected',
    ends: 'Access ends',
    missing: 'Not granted',
    manage: 'Manage',
    reconnect: 'Reconnect',
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
  host: {
    label: 'Address of your {provider}',
    hint: 'Any address there will do, such as that of a project.',
    check: 'Check',
    checking: 'Looking for {provider} …',
    ready: '{provider} was found there, and can be connected.',
    notRegistered:
      '{provider} was found there, but is not set up here. Please pass this on to your administrator.',
    notRecognised:
      'This is not the address of a {provider}. Copy it from the browser, at {provider}.',
    unreachable:
      'This address cannot be reached. Check the spelling, or ask your administrator whether it is on a private network.',
    notAllowed: 'This address is not allowed here.',
    error: 'The address could not be checked. Please try again.',
    page: 'Register an app at',
    redirectUri: 'Redirect URI',
    scopes: 'Scopes',
  },
}
