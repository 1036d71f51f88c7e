import type { ErrorCode, HostCheck } from '@keywell/protocol'
import type { KeyFormWords, ProviderWords } from '@keywell/providers/german'

/** Where an account of a provider is connected to: names that stand in sentences. */
export interface Names {
  app: string
  provider: string
}

/** The words of the pages, in one language. A new page has a group of its own. */
export interface Texts {
  lang: 'en' | 'de'
  frame: {
    going: (host: string) => string
    goOn: string
    ifNothing: (link: string) => string
  }
  /** What a person can do about an error. Absent: what the error says, in English. */
  problems: Partial<Record<ErrorCode, string>>
  problem: { flow: string; link: string; close: string }
  link: {
    title: (names: Names) => string
    heading: (names: Names) => string
    choose: (app: string) => string
    account: (app: string) => string
    notYou: string
    reconnects: (names: Names, account: string) => string
    host: (provider: string) => string
    otherHost: (provider: string) => string
    typedHost: (provider: string) => string
    typedHostHint: string
    typedPlaceHint: (example: string) => string
    foundHost: (status: HostCheck['status'], names: Names, host: string) => string
    method: string
    oauth: (provider: string) => string
    oauthHint: string
    installation: (provider: string) => string
    installationHint: string
    key: (keyTitle: string) => string
    keyHint: string
    scopes: (app: string) => string
    presets: string
    required: string
    included: string
    includes: (scopes: string) => string
    risk: Record<'high' | 'critical', string>
    submit: (provider: string) => string
    /** What happens at the end. */
    endsAt: (host: string) => string
    endsWithCode: (startedIn: string) => string
    /** Of errors on this page, whose person can choose otherwise. */
    problems: Partial<Record<ErrorCode, (names: Names) => string>>
    problem: string
  }
  done: {
    title: string
    heading: (names: Names) => string
    give: (startedIn: string) => string
    code: string
    warning: (names: Names, startedIn: string) => string
    waiting: string
    look: string
    connected: (names: Names) => string
    connectedAs: (account: string) => string
    close: string
    ended: Partial<Record<string, string>>
    endedOtherwise: string
    again: string
  }
  key: {
    title: (provider: string, keyTitle: string) => string
    refused: (title: string) => string
    place: (
      app: string | null,
      instance: string,
    ) => readonly [
      before: string,
      app: string | null,
      between: string,
      instance: string,
      after: string,
    ]
    /** Above the keys of which one can be chosen. */
    choice: (provider: string) => string
    make: (keyTitle: string, instance: string) => string
    newTab: string
    account: string
    paste: string
    scopes: string
    optional: string
    hint: (instance: string, app: string) => string
    submit: string
    cancel: string
  }
  device: {
    heading: (names: Names) => string
    open: (host: string) => string
    newTab: string
    type: (provider: string) => string
    code: string
    copy: string
    copied: string
    warning: (provider: string) => string
    waiting: string
    look: string
    approved: string
    cancel: string
    isYours: (names: Names) => string
    onlyYours: (names: Names) => string
    connect: string
    notMine: string
  }
  approval: {
    heading: string
    /** Where the browser was not sent by the app. */
    notBound: { heading: string; text: (app: string) => string; goOn: (host: string) => string }
    destroys: string
    onlyExpected: string
    who: string
    agent: string
    noAgent: string
    key: string
    mcpToken: string
    noKey: string
    account: string
    accountAt: (account: string, provider: string, instance: string) => string
    disconnected: string
    connection: string
    user: string
    ofTenant: string
    person: string
    request: string
    arguments: string
    minutesLeft: string
    approve: string
    refuse: string
    live: string
    look: string
    ended: Record<
      'approved' | 'denied' | 'expired' | 'used',
      { byPerson: string; byOther: string; text: string }
    >
    close: string
  }
  /** Words of a provider's definition, by its name. Absent: its own, in English. */
  providers: Readonly<Record<string, ProviderTexts>>
}

export type ProviderTexts = ProviderWords & KeyFormWords
