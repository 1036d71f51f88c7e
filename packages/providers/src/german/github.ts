import type { KeyFormWords, ProviderWords } from './words.ts'

export const githubWords: ProviderWords & KeyFormWords = {
  scopes: {
    'read:user': 'Ihr Profil sehen.',
    'user:email': 'Ihre E-Mail-Adressen sehen.',
    user: 'Ihr Profil sehen und ändern, und anderen in Ihrem Namen folgen.',
    notifications:
      'Ihre Benachrichtigungen sehen und als gelesen markieren; Repositorys beobachten oder nicht mehr beobachten.',
    public_repo: 'Öffentliche Repositorys lesen und ändern: Code, Status von Commits, Mitwirkende.',
    'repo:status': 'Den Status von Commits sehen und setzen, ohne Zugriff auf den Code.',
    repo_deployment: 'Den Status von Deployments sehen und setzen, ohne Zugriff auf den Code.',
    security_events: 'Die Ergebnisse des Code-Scannings sehen und ändern.',
    repo: 'Alle Repositorys lesen und ändern, die Sie erreichen, auch private. GitHub hat keine Berechtigung, die privaten Code nur liest.',
    delete_repo: 'Repositorys löschen, die Sie verwalten.',
    workflow:
      'Workflow-Dateien von Actions hinzufügen und ändern; sie führen Code mit Secrets aus.',
    'read:repo_hook': 'Webhooks von Repositorys sehen und zum Test auslösen.',
    'write:repo_hook': 'Webhooks von Repositorys sehen, anlegen und ändern.',
    'admin:repo_hook': 'Webhooks von Repositorys sehen, anlegen, ändern und löschen.',
    gist: 'Gists anlegen und ändern.',
    codespace: 'Codespaces anlegen und verwalten.',
    'read:org': 'Organisationen und Teams sehen, und wer Mitglied ist.',
    'write:org': 'Ändern, wer Mitglied von Organisationen und Teams ist.',
    'admin:org': 'Organisationen, Teams und Mitglieder ganz verwalten.',
    'admin:org_hook': 'Die Webhooks von Organisationen verwalten, die diese App angelegt hat.',
    'read:project': 'Projekte sehen.',
    project: 'Projekte sehen und ändern.',
    'read:audit_log': 'Audit-Logs lesen.',
    'read:packages': 'Pakete herunterladen.',
    'write:packages': 'Pakete veröffentlichen.',
    'delete:packages': 'Pakete löschen.',
    'read:public_key': 'Ihre SSH-Schlüssel sehen.',
    'admin:public_key': 'Ihre SSH-Schlüssel hinzufügen und entfernen.',
  },
  groups: {
    repositories: 'Repositorys',
    organizations: 'Organisationen und Projekte',
    packages: 'Pakete',
    account: 'Ihr Konto',
  },
  presets: {
    read_only: {
      title: 'Nur lesen',
      sentence:
        'Profil, Organisationen und Projekte sehen. GitHub hat keine Berechtigung, die Code nur liest.',
    },
    developer: {
      title: 'Entwickeln',
      sentence: 'Mit allen Repositorys arbeiten, die Sie erreichen, mit Issues und Pull Requests.',
    },
  },
  keyTitle: 'Personal Access Token',
  keyLabels: { token: 'Personal Access Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten.',
    'Wählen Sie „Generate new token (classic)“, kreuzen Sie die Berechtigungen unten an und keine anderen, wählen Sie, wann der Token endet, und kopieren Sie ihn: GitHub zeigt ihn nur einmal.',
  ],
}
