import type { KeyFormWords, ProviderWords } from './words.ts'

export const bitbucketWords: ProviderWords & KeyFormWords = {
  scopes: {
    account: 'Ihr Konto sehen: Name, E-Mail-Adressen, Ort, SSH-Schlüssel.',
    'account:write': 'Ihr Konto ändern und löschen.',
    email: 'Ihre Haupt-E-Mail-Adresse sehen.',
    repository: 'Alle Repositorys lesen und klonen, die Sie sehen, aber keine Pull Requests.',
    'repository:write': 'In alle Repositorys pushen, in die Sie schreiben dürfen.',
    'repository:admin': 'Repositorys verwalten: Einstellungen, Rechte, Deploy-Schlüssel, Webhooks.',
    'repository:delete': 'Repositorys löschen.',
    pullrequest:
      'Pull Requests lesen und kommentieren, und die Repositorys lesen, zu denen sie gehören.',
    'pullrequest:write': 'Pull Requests anlegen, genehmigen, ablehnen und mergen.',
    issue: 'Issues lesen und anlegen.',
    'issue:write': 'Issues ändern.',
    wiki: 'Wikis lesen und ändern.',
    snippet: 'Snippets lesen.',
    'snippet:write': 'Snippets anlegen und ändern.',
    project: 'Die Projekte eines Workspace sehen.',
    'project:admin': 'Projekte anlegen, ändern und löschen.',
    webhook: 'Webhooks anlegen und sehen.',
    pipeline: 'Pipelines, ihre Schritte und Deployments sehen.',
    'pipeline:write': 'Pipelines starten, anhalten und erneut ausführen.',
    'pipeline:variable': 'Variablen von Pipelines sehen und ändern, außer gesicherten Werten.',
    runner: 'Runner sehen.',
    'runner:write': 'Runner anlegen und ändern.',
  },
  groups: {
    repositories: 'Repositorys',
    planning: 'Projekte, Issues und Wikis',
    automation: 'Pipelines und Webhooks',
    account: 'Ihr Konto',
  },
  presets: {
    read_only: {
      title: 'Nur lesen',
      sentence:
        'Konto, Repositorys und Pull Requests sehen. Pull Requests zu kommentieren gehört dazu.',
    },
    developer: {
      title: 'Entwickeln',
      sentence: 'Mit Code und Pull Requests arbeiten, und Pipelines sehen.',
    },
  },
  keyTitle: 'API-Token',
  keyLabels: { email: 'E-Mail-Adresse Ihres Atlassian-Kontos', token: 'API-Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten, und wählen Sie „Create API token with scopes“.',
    'Wählen Sie Bitbucket als App, kreuzen Sie read:user:bitbucket an und was die App sonst braucht, und kopieren Sie den Token: Er wird nur einmal gezeigt.',
  ],
}
