import { type Language, useLanguage } from './language.ts'

interface IntegrationWords {
  readonly title: string
  readonly lead: string
  /** Leads to the list of accounts. */
  readonly accounts: string
  readonly needed: string
  readonly disconnected: string
  readonly about: string
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
  needed: 'GitLab is needed to go on. Connect it here.',
  disconnected: 'GitLab is disconnected. Acme can no longer read it.',
  about: 'Projects, issues and merge requests',
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
  },
}

const de: IntegrationWords = {
  title: 'Integrationen',
  lead: 'Holen Sie Ihre Arbeit zu Acme. Die Anmeldung findet beim Anbieter statt; Acme sieht das Passwort nie, und der Zugriff lässt sich jederzeit zurücknehmen.',
  accounts: 'Alle verbundenen Konten',
  needed: 'Ohne GitLab geht es hier nicht weiter. Verbinden Sie es auf dieser Seite.',
  disconnected: 'GitLab ist getrennt. Acme kann dort nichts mehr lesen.',
  about: 'Projekte, Issues und Merge Requests',
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
  },
}

const words: Readonly<Record<Language, IntegrationWords>> = { en, de }

/** The words of the page of integrations, in the chosen language. */
export function useIntegrationWords(): IntegrationWords {
  return words[useLanguage().language]
}
