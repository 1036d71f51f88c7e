import { type Language, useLanguage } from './language.ts'

interface IntegrationWords {
  readonly title: string
  readonly lead: string
  /** Leads to the list of accounts. */
  readonly accounts: string
  readonly find: string
  readonly none: string
  readonly needed: (title: string) => string
  readonly disconnected: (title: string) => string
  /** What a provider is for, by its name. */
  readonly about: Readonly<Record<string, string>>
  /** What Acme reads there, by its name. */
  readonly items: Readonly<Record<string, string>>
  readonly noItems: string
  readonly loading: string
  readonly again: string
  readonly tokens: string
  readonly badges: Readonly<
    Record<
      | 'connecting'
      | 'problems'
      | 'connected'
      | 'attention'
      | 'checking'
      | 'unknown'
      | 'notConnected',
      string
    >
  >
  /** Of scopes that an agent needs. */
  readonly wanted: {
    readonly title: string
    readonly lead: (title: string) => string
    readonly allow: (title: string) => string
  }
  readonly unknown: { readonly what: string; readonly rest: string; readonly reload: string }
  readonly selfManaged: {
    readonly title: string
    readonly about: string
    /** Before the address, and after it. */
    readonly example: readonly [string, string]
    readonly same: string
    readonly disconnected: string
  }
  readonly facts: Readonly<
    Record<'account' | 'may' | 'could' | 'notGranted' | 'connected' | 'otherScope', string>
  >
  /** The scopes that Acme asks for, and those that come with them. */
  readonly scopes: Readonly<Record<string, string>>
}

const en: IntegrationWords = {
  title: 'Integrations',
  lead: 'Bring your work into Acme. You sign in at the provider; Acme never sees your password, and you can take the access back at any time.',
  accounts: 'All connected accounts',
  find: 'Find an integration',
  none: 'No integration has a name like that.',
  needed: (title) => `${title} is needed to go on. Connect it here.`,
  disconnected: (title) => `${title} is disconnected. Acme can no longer read it.`,
  about: {
    gitlab: 'Projects, issues and merge requests',
    github: 'Repositories, issues and pull requests',
    bitbucket: 'Workspaces and their repositories',
    'azure-devops': 'Projects, boards and pipelines',
    buildkite: 'Builds, by a code that you approve',
    algolia: 'Search indices, by a key of an application',
  },
  items: {
    github: 'Your repositories',
    bitbucket: 'Your workspaces',
    'azure-devops': 'Your projects',
    buildkite: 'Your organizations',
    algolia: 'Indices',
  },
  noItems: 'There is nothing yet.',
  loading: 'Loading …',
  again: 'Try again',
  tokens:
    'Acme reads your projects. More is for what you ask it to do. Tokens are kept sealed by Keywell, and never reach this page.',
  badges: {
    connecting: 'Connecting …',
    problems: 'Connected, with problems',
    connected: 'Connected',
    attention: 'Needs your attention',
    checking: 'Checking …',
    unknown: 'Unknown',
    notConnected: 'Not connected',
  },
  wanted: {
    title: 'More to allow',
    lead: (title) => `What you asked for needs more at ${title} than you have allowed:`,
    allow: (title) => `Allow at ${title}`,
  },
  unknown: {
    what: 'The state of this integration is not known at the moment.',
    rest: 'Your connection is not affected.',
    reload: 'Reload',
  },
  selfManaged: {
    title: 'Self-managed GitLab',
    about: 'A GitLab that your company runs itself',
    example: ['To try it here, type', 'or the address of any page there.'],
    same: 'This is the GitLab above. Connect it there.',
    disconnected: 'The self-managed GitLab is disconnected. Acme can no longer read it.',
  },
  facts: {
    account: 'Account',
    may: 'Acme may',
    could: 'Acme could',
    notGranted: 'Not granted',
    connected: 'Connected',
    otherScope: 'Use',
  },
  scopes: {
    read_api: 'Read your projects, issues and merge requests',
    read_user: 'Read your profile',
    read_repository: 'Read your code',
    write_repository: 'Push commits to your projects',
    api: 'Do everything you can do',
    openid: 'Know who you are',
    'read:user': 'Read your profile',
    account: 'Read your profile and workspaces',
    repository: 'Read your repositories',
    'vso.profile': 'Read your profile',
    'vso.project': 'See your projects and teams',
    read_organizations: 'See your organizations',
    read_pipelines: 'See your pipelines',
    read_builds: 'See your builds',
  },
}

const de: IntegrationWords = {
  title: 'Integrationen',
  lead: 'Holen Sie Ihre Arbeit zu Acme. Die Anmeldung findet beim Anbieter statt; Acme sieht das Passwort nie, und der Zugriff lässt sich jederzeit zurücknehmen.',
  accounts: 'Alle verbundenen Konten',
  find: 'Integration suchen',
  none: 'So heißt keine Integration.',
  needed: (title) => `Ohne ${title} geht es hier nicht weiter. Verbinden Sie es auf dieser Seite.`,
  disconnected: (title) => `${title} ist getrennt. Acme kann dort nichts mehr lesen.`,
  about: {
    gitlab: 'Projekte, Issues und Merge Requests',
    github: 'Repositorys, Issues und Pull Requests',
    bitbucket: 'Workspaces und ihre Repositorys',
    'azure-devops': 'Projekte, Boards und Pipelines',
    buildkite: 'Builds, über einen Code, den Sie dort bestätigen',
    algolia: 'Suchindizes, mit einem Schlüssel einer Anwendung',
  },
  items: {
    github: 'Ihre Repositorys',
    bitbucket: 'Ihre Workspaces',
    'azure-devops': 'Ihre Projekte',
    buildkite: 'Ihre Organisationen',
    algolia: 'Indizes',
  },
  noItems: 'Hier ist noch nichts.',
  loading: 'Wird geladen …',
  again: 'Noch einmal versuchen',
  tokens:
    'Acme liest Ihre Projekte. Mehr braucht es nur für das, was Sie ihm auftragen. Keywell bewahrt die Tokens versiegelt auf; diese Seite bekommt sie nie.',
  badges: {
    connecting: 'Wird verbunden …',
    problems: 'Verbunden, mit Problemen',
    connected: 'Verbunden',
    attention: 'Braucht Aufmerksamkeit',
    checking: 'Wird geprüft …',
    unknown: 'Unbekannt',
    notConnected: 'Nicht verbunden',
  },
  wanted: {
    title: 'Weitere Erlaubnis',
    lead: (title) => `Ihr Auftrag braucht bei ${title} mehr, als Sie bisher erlaubt haben:`,
    allow: (title) => `Bei ${title} erlauben`,
  },
  unknown: {
    what: 'Der Zustand dieser Integration ist gerade nicht bekannt.',
    rest: 'Die Verbindung bleibt davon unberührt.',
    reload: 'Neu laden',
  },
  selfManaged: {
    title: 'Selbst betriebenes GitLab',
    about: 'Ein GitLab, das Ihre Firma selbst betreibt',
    example: ['Zum Ausprobieren:', 'oder die Adresse einer beliebigen Seite dort.'],
    same: 'Das ist das GitLab weiter oben. Verbinden Sie es dort.',
    disconnected: 'Das selbst betriebene GitLab ist getrennt. Acme kann dort nichts mehr lesen.',
  },
  facts: {
    account: 'Konto',
    may: 'Acme darf',
    could: 'Acme durfte',
    notGranted: 'Nicht erlaubt',
    connected: 'Verbunden',
    otherScope: 'Benutzen:',
  },
  scopes: {
    read_api: 'Ihre Projekte, Issues und Merge Requests lesen',
    read_user: 'Ihr Profil lesen',
    read_repository: 'Ihren Code lesen',
    write_repository: 'Commits in Ihre Projekte pushen',
    api: 'Alles tun, was Sie selbst tun können',
    openid: 'Wissen, wer Sie sind',
    'read:user': 'Ihr Profil lesen',
    account: 'Ihr Profil und Ihre Workspaces lesen',
    repository: 'Ihre Repositorys lesen',
    'vso.profile': 'Ihr Profil lesen',
    'vso.project': 'Ihre Projekte und Teams sehen',
    read_organizations: 'Ihre Organisationen sehen',
    read_pipelines: 'Ihre Pipelines sehen',
    read_builds: 'Ihre Builds sehen',
  },
}

const words: Readonly<Record<Language, IntegrationWords>> = { en, de }

/** The words of the page of integrations, in the chosen language. */
export function useIntegrationWords(): IntegrationWords {
  return words[useLanguage().language]
}
