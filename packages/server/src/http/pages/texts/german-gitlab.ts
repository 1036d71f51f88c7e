import type { ProviderTexts } from './texts.ts'

export const germanGitlab: ProviderTexts = {
  keyTitle: 'Personal Access Token',
  keyLabels: { key: 'Personal Access Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten.',
    'Kreuzen Sie die Berechtigungen unten an und keine anderen, wählen Sie, wann der Token endet, und kopieren Sie ihn: GitLab zeigt ihn nur einmal.',
  ],
  groups: {
    api: 'Alles',
    profile: 'Ihr Profil',
    code: 'Code',
    packages: 'Pakete und Images',
    runners: 'Runner und Cluster',
    observability: 'Observability',
    ai: 'KI',
    administration: 'Verwaltung',
  },
  presets: { read_only: 'Nur lesen', developer: 'Entwickeln', full: 'Voller Zugriff' },
  scopes: {
    api: 'In GitLab alles tun, was Sie tun können: Code, Issues, Pipelines, Einstellungen, Mitglieder, Pakete und Images lesen und ändern.',
    read_api:
      'In GitLab alles sehen, was Sie sehen können, auch private Projekte und die Werte von CI/CD-Variablen, und nichts ändern.',
    read_user: 'Ihr Profil sehen und die öffentlichen Profile anderer nachschlagen.',
    read_repository:
      'Den Code der Repositorys lesen, die Sie lesen können: sie klonen oder einzelne Dateien holen.',
    write_repository: 'Ihre Repositorys klonen und Commits dorthin pushen.',
    read_registry: 'Container-Images Ihrer Projekte herunterladen.',
    write_registry: 'Container-Images in Ihre Projekte hochladen.',
    read_virtual_registry:
      'Pakete und Images über virtuelle Registrys und den Dependency-Proxy herunterladen.',
    write_virtual_registry:
      'Herunterladen, speichern und löschen, was virtuelle Registrys und der Dependency-Proxy enthalten.',
    read_observability: 'Traces, Metriken und Logs in GitLab Observability sehen.',
    write_observability: 'Traces, Metriken und Logs an GitLab Observability senden.',
    ai_features: 'Die KI-Funktionen von GitLab in Ihrem Namen nutzen.',
    create_runner:
      'Maschinen hinzufügen, die Ihre CI/CD-Jobs ausführen und damit sehen, was diese sehen.',
    manage_runner:
      'Die Maschinen, die Ihre CI/CD-Jobs ausführen, neu zuordnen, ändern und löschen.',
    k8s_proxy:
      'Über den Agenten von GitLab Befehle an Kubernetes-Cluster senden, mit Ihren Rechten dort.',
    openid: 'Sie an Ihrem GitLab-Konto erkennen und sehen, in welchen Gruppen Sie sind.',
    profile: 'Ihren Namen, Benutzernamen und Ihr Bild sehen.',
    email: 'Ihre Haupt-E-Mail-Adresse sehen.',
    sudo: 'Als jeder andere Benutzer der Instanz handeln. Nur für Administratoren.',
    admin_mode:
      'Ihre Administratorrechte nutzen, wo die Instanz den Admin-Modus verlangt. Nur für Administratoren.',
    read_service_ping: 'Den Nutzungsbericht der Instanz herunterladen. Nur für Administratoren.',
  },
}
