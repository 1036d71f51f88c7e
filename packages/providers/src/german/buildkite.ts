import type { KeyFormWords, ProviderWords } from './words.ts'

export const buildkiteWords: ProviderWords & KeyFormWords = {
  scopes: {
    read_user: 'Ihren Namen, Ihre E-Mail-Adresse und Ihr Bild sehen.',
    read_organizations: 'Die Organisationen und ihre Angaben sehen.',
    write_organizations: 'Mitglieder aus einer Organisation entfernen.',
    read_organization_invitations: 'Einladungen in eine Organisation sehen.',
    write_organization_invitations:
      'Personen in eine Organisation einladen und Einladungen zurückziehen.',
    read_organization_settings:
      'Einstellungen einer Organisation für Sicherheit und Pipelines lesen.',
    write_organization_settings:
      'Einstellungen einer Organisation für Sicherheit und Pipelines ändern.',
    read_organization_repository_connections: 'Sehen, welche Systeme für Quellcode verbunden sind.',
    read_notification_services:
      'Benachrichtigungsdienste sehen, darunter Webhooks, die Buildkite sendet.',
    write_notification_services:
      'Benachrichtigungsdienste anlegen, ändern und löschen, also Ereignisse anderswohin senden.',
    read_pipelines: 'Pipelines und ihre Konfiguration sehen.',
    write_pipelines: 'Pipelines anlegen, ändern und löschen.',
    read_builds: 'Builds und ihren Stand sehen.',
    write_builds: 'Builds starten, abbrechen und wiederholen, und Jobs freigeben.',
    read_build_logs: 'Logs von Builds lesen, die Secrets enthalten können.',
    write_build_logs: 'Logs von Builds löschen.',
    read_job_env: 'Umgebungsvariablen von Jobs lesen, die Secrets enthalten können.',
    read_artifacts: 'Artefakte von Builds herunterladen.',
    write_artifacts: 'Artefakte von Builds löschen.',
    read_agents: 'Die Agents sehen, die Jobs ausführen.',
    write_agents: 'Agents anhalten.',
    read_clusters: 'Cluster sehen.',
    write_clusters: 'Cluster anlegen, ändern und löschen.',
    read_pipeline_templates: 'Vorlagen für Pipelines sehen.',
    write_pipeline_templates: 'Vorlagen für Pipelines anlegen, ändern und löschen.',
    read_rules: 'Regeln zwischen Pipelines und Ressourcen sehen.',
    write_rules: 'Solche Regeln anlegen und löschen.',
    read_teams: 'Teams sehen.',
    write_teams: 'Teams anlegen, ändern und löschen.',
    read_audit_events: 'Das Audit-Log lesen (Enterprise-Tarif).',
    read_secrets_details: 'Namen und Angaben gespeicherter Secrets sehen, nicht ihre Werte.',
    write_secrets: 'Gespeicherte Secrets anlegen, ändern und löschen.',
    read_suites: 'Test-Suites sehen.',
    write_suites: 'Test-Suites anlegen.',
    read_test_plan: 'Testpläne sehen.',
    write_test_plan: 'Testpläne anlegen.',
    read_registries: 'Paket-Registrys sehen.',
    write_registries: 'Paket-Registrys anlegen und ändern.',
    delete_registries: 'Paket-Registrys löschen.',
    read_packages: 'Pakete sehen und herunterladen.',
    write_packages: 'Pakete veröffentlichen.',
    delete_packages: 'Pakete löschen.',
    read_portals: 'Portale sehen (gespeicherte GraphQL-Operationen).',
    write_portals: 'Portale anlegen, ändern und löschen.',
    graphql: 'Die ganze GraphQL-API als der Benutzer nutzen, ohne feinere Grenze.',
  },
  groups: {
    pipelines: 'Pipelines und Builds',
    agents: 'Agents, Cluster und Secrets',
    tests: 'Tests',
    packages: 'Pakete',
    organizations: 'Organisationen und Teams',
    api: 'GraphQL und Portale',
    account: 'Ihr Konto',
  },
  presets: {
    read_only: {
      title: 'Nur lesen',
      sentence: 'Organisationen, Pipelines und Builds sehen, ohne ihre Logs.',
    },
    developer: {
      title: 'Entwickeln',
      sentence:
        'Pipelines und Builds mit ihren Logs sehen, Builds starten und Artefakte herunterladen.',
    },
  },
  keyTitle: 'API Access Token',
  keyLabels: { token: 'API Access Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten, und wählen Sie „New API Access Token“.',
    'Wählen Sie die Organisationen, kreuzen Sie die Berechtigungen unten an und keine anderen, und kopieren Sie den Token: Buildkite zeigt ihn nur einmal.',
  ],
}
