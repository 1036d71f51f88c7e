import type { Texts } from './texts.ts'

export const english: Texts = {
  lang: 'en',
  frame: {
    going: (host) => `Going on to ${host} …`,
    goOn: 'Continue',
    ifNothing: (link) => `${link} if nothing happens.`,
  },
  problems: {},
  problem: {
    flow: 'This sign-in could not be finished',
    link: 'This link does not work',
    close: 'You can close this window and go back to where you came from.',
  },
  link: {
    title: ({ app, provider }) => `Connect ${provider} to ${app}`,
    heading: ({ app, provider }) => `${app} asks to connect your ${provider} account`,
    choose: (app) => `What do you want to connect to ${app}?`,
    account: (app) => `${app} account`,
    notYou: 'If that is not yours, close this page: nothing is connected.',
    reconnects: ({ provider }, account) =>
      `Sign in at ${provider} as ${account}, the account that was connected before.`,
    host: (provider) => `Your ${provider}`,
    otherHost: (provider) => `My ${provider} is at another address`,
    typedHost: (provider) => `Address of your ${provider}`,
    typedHostHint: 'Any address of it will do, such as that of a project.',
    typedPlaceHint: (example) => `As in ${example}. The whole address will do, too.`,
    foundHost: (status, { app, provider }, host) =>
      ({
        ready: '',
        not_registered: `${provider} answers at ${host}, but ${app} is not set up for it yet. Ask your administrator to add it.`,
        not_recognised: `Something other than ${provider} answers at ${host}. Copy the address from your browser, on any page of ${provider}.`,
        unreachable: `Nothing answers at ${host}. Check the spelling. If it is on a private network, ask your administrator to allow it.`,
      })[status],
    method: 'How do you want to connect?',
    oauth: (provider) => `Sign in at ${provider}`,
    oauthHint: 'You agree there, and can take it back there.',
    installation: (provider) => `Install the app at ${provider}`,
    installationHint: 'For those who administer an account there.',
    key: (keyTitle) => `Paste ${withArticle(keyTitle)}`,
    keyHint: 'For instances where signing in is not set up.',
    scopes: (app) => `What ${app} may do`,
    presets: 'Choose a set, or tick one by one.',
    required: 'Required',
    included: 'Included',
    includes: (scopes) => `Includes ${scopes}.`,
    risk: { high: 'Far-reaching', critical: 'Full access' },
    submit: (provider) => `Continue to ${provider}`,
    endsAt: (host) =>
      `Nothing is connected until you are back at ${host}, where you may have to sign in.`,
    endsWithCode: (startedIn) =>
      `Continue only if you asked for this yourself, in ${startedIn}. At the end you get a code to give back there. Whoever else asks you for it wants your account.`,
    problems: {
      scope_not_allowed: ({ app }) => `Choose at least one thing that ${app} may do.`,
      host_required: ({ provider }) => `Choose which ${provider} you mean.`,
      host_not_allowed: ({ app, provider }) =>
        `This ${provider} cannot be connected to ${app} here. Choose another one, or check the address.`,
      integration_missing: ({ app, provider }) =>
        `${app} is not set up for this ${provider} yet. Ask your administrator to add it.`,
      not_allowed_for_tenant: ({ app }) =>
        `Your organisation does not allow this at ${app}. Choose less, or ask your administrator.`,
      method_not_offered: () => 'It cannot be connected in this way here. Choose the other one.',
      rate_limited: () => 'That was too often in a short time. Wait a minute and try again.',
    },
    problem: 'This cannot be connected as it is. Check what you chose, and try again.',
  },
  done: {
    title: 'Your code',
    heading: ({ provider }) => `One step left to connect ${provider}`,
    give: (startedIn) => `Give this code in ${startedIn}:`,
    code: 'Code',
    warning: ({ provider }, startedIn) =>
      `Only give it in ${startedIn}, where you began. Whoever gets it gets access to your ${provider} account. If somebody else sent you the link, close this page.`,
    waiting: 'The code is valid for five minutes.',
    look: 'See whether it worked',
    connected: ({ app, provider }) => `${provider} is connected to ${app}`,
    connectedAs: (account) => `The account ${account} is connected.`,
    close: 'You can close this window.',
    ended: {
      denied: 'You said no at the provider. Nothing was connected.',
      cancelled: 'This attempt was cancelled. Nothing was connected.',
      expired: 'The code was not given in time. Nothing was connected.',
      confirming: 'The account is being connected.',
      failed: 'Nothing was connected.',
    },
    endedOtherwise: 'This attempt is not finished.',
    again: 'Ask for a new link where you got this one.',
  },
  key: {
    title: (provider, keyTitle) => `Connect ${provider} with ${withArticle(keyTitle)}`,
    refused: (title) => `Not accepted: ${title}`,
    place: (app, instance) =>
      app === null ? ['', null, 'At ', instance, '.'] : ['For ', app, ', at ', instance, '.'],
    choice: (provider) => `Keys of ${provider} to choose from`,
    make: (keyTitle, instance) => `Make ${withArticle(keyTitle)} at ${instance}`,
    newTab: '(opens in a new tab).',
    account: 'The account that is connected already is',
    paste: 'Paste it here.',
    scopes: 'Scopes to tick',
    optional: '(optional)',
    hint: (instance, app) =>
      `What you enter is checked at ${instance} and kept encrypted. The page of ${app} does not see it.`,
    submit: 'Connect',
    cancel: 'Cancel',
  },
  device: {
    heading: ({ provider }) => `Connect ${provider} with a code`,
    open: (host) => `Open ${host}`,
    newTab: '(opens in a new tab).',
    type: (provider) => `Sign in to ${provider} there, enter this code, and approve the access.`,
    code: 'Code',
    copy: 'Copy the code',
    copied: 'Copied',
    warning: (provider) =>
      `Enter the code only if you began this yourself, and give it to nobody. ${provider} must show the same code.`,
    waiting: 'This page goes on by itself when you have approved.',
    look: 'Look now',
    approved: 'The code was approved. The account is being looked up.',
    cancel: 'Cancel',
    isYours: ({ provider }) => `Is this your ${provider} account?`,
    onlyYours: ({ app, provider }) =>
      `The code was approved with this account${app === '' ? '' : `, and ${app} is going to use it`}. If it is not yours, somebody else has entered the code: do not connect it, and begin again with ${provider}.`,
    connect: 'Connect this account',
    notMine: 'It is not mine',
  },
  approval: {
    heading: 'An agent waits for your approval',
    notBound: {
      heading: 'Open this request in the app',
      text: (app) =>
        `Only a person who is signed in at ${app} can see this request and decide it. Sign in there, and open the request from there.`,
      goOn: (host) => `Go on to ${host}`,
    },
    destroys: 'This deletes something or takes access away. It may be impossible to undo.',
    onlyExpected: 'Approve it only if you expect it and know why the agent does it.',
    who: 'Who asks',
    agent: 'Agent',
    noAgent: 'not named',
    key: 'API key',
    mcpToken: 'MCP token',
    noKey: 'does not exist any more',
    account: 'Account',
    accountAt: (account, provider, instance) => `${account} at ${provider}, ${instance}`,
    disconnected: 'disconnected meanwhile',
    connection: 'Connection',
    user: 'Belongs to',
    ofTenant: 'the whole organisation',
    person: 'You decide as',
    request: 'What would be sent',
    arguments: 'Arguments',
    minutesLeft: 'Minutes left to decide:',
    approve: 'Approve this call',
    refuse: 'Refuse',
    live: 'This page updates by itself.',
    look: 'Look now',
    ended: {
      approved: {
        byPerson: 'You approved this call',
        byOther: 'Somebody else approved this call',
        text: 'The agent can now make this one call, once.',
      },
      denied: {
        byPerson: 'You refused this call',
        byOther: 'Somebody else refused this call',
        text: 'Nothing was sent.',
      },
      expired: {
        byPerson: 'The time for this call is over',
        byOther: 'The time for this call is over',
        text: 'Nothing was sent. If it is still wanted, the agent has to ask again.',
      },
      used: {
        byPerson: 'The call that you approved was made',
        byOther: 'The call was made: somebody else approved it',
        text: 'The approval is used up. For another call the agent has to ask again.',
      },
    },
    close: 'You can close this window.',
  },
  providers: {},
}

function withArticle(title: string): string {
  return `${/^[aeio]/i.test(title) ? 'an' : 'a'} ${title}`
}
