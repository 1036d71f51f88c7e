import type { KeyFormWords, ProviderWords } from './words.ts'

export const gitlabWords: ProviderWords = {
  scopes: {
    api: 'In GitLab alles tun, was Sie dort tun können: Code, Issues, Pipelines, Einstellungen, Mitglieder, Pakete und Images lesen und ändern.',
    read_api:
      'In GitLab alles sehen, was Sie dort sehen können, auch private Projekte und die Werte von CI/CD-Variablen, und nichts ändern.',
    read_user: 'Ihr Profil sehen, und die öffentlichen Profile anderer.',
    read_repository:
      'Den Code der Repositorys lesen, die Sie lesen können: klonen oder einzelne Dateien abrufen.',
    write_repository: 'Ihre Repositorys klonen und Commits dorthin pushen.',
    read_registry: 'Container-Images Ihrer Projekte herunterladen.',
    write_registry: 'Container-Images in Ihre Projekte hochladen.',
    read_virtual_registry:
      'Pakete und Images über virtuelle Registrys und den Dependency Proxy herunterladen.',
    write_virtual_registry:
      'Herunterladen, ablegen und löschen, was virtuelle Registrys und der Dependency Proxy enthalten.',
    read_observability: 'Traces, Metriken und Logs sehen, die in GitLab Observability liegen.',
    write_observability: 'Traces, Metriken und Logs an GitLab Observability senden.',
    ai_features: 'Die KI-Funktionen von GitLab in Ihrem Namen nutzen.',
    create_runner:
      'Rechner hinzufügen, die Ihre CI/CD-Jobs ausführen, und so sehen, was diese Jobs sehen.',
    manage_runner: 'Rechner, die Ihre CI/CD-Jobs ausführen, neu zuweisen, ändern und löschen.',
    k8s_proxy:
      'Über den Agenten von GitLab Befehle an Kubernetes-Cluster senden, mit den Rechten, die Sie dort haben.',
    openid: 'Sie an Ihrem GitLab-Konto erkennen, und sehen, in welchen Gruppen Sie sind.',
    profile: 'Ihren Namen, Benutzernamen und Ihr Bild sehen.',
    email: 'Ihre Haupt-E-Mail-Adresse sehen.',
    sudo: 'Als jeder andere Benutzer der Instanz handeln. Nur für Administratoren.',
    admin_mode:
      'Ihre Administratorrechte nutzen, wo die Instanz den Admin-Modus verlangt. Nur für Administratoren.',
    read_service_ping: 'Den Nutzungsbericht der Instanz herunterladen. Nur für Administratoren.',
  },
  groups: {
    api: 'Alles',
    profile: 'Ihr Profil',
    code: 'Code',
    packages: 'Pakete und Images',
    runners: 'Runner und Cluster',
    observability: 'Observability',
    ai: 'KI',
    administration: 'Administration',
  },
  presets: {
    read_only: {
      title: 'Nur lesen',
      sentence: 'Alles sehen, was Sie sehen können, und nichts ändern.',
    },
    developer: {
      title: 'Entwickeln',
      sentence: 'Alles sehen, was Sie sehen können, und Commits pushen. Sonst nichts ändern.',
    },
    full: { title: 'Voller Zugriff', sentence: 'Alles tun, was Sie tun können.' },
  },
}

export const gitlabKeyForm: KeyFormWords = {
  keyTitle: 'Personal Access Token',
  keyLabels: { key: 'Personal Access Token' },
  keySteps: [
    'Melden Sie sich dort mit dem Konto an, das Sie verbinden möchten.',
    'Kreuzen Sie die Berechtigungen unten an und keine anderen, wählen Sie, wann der Token endet, und kopieren Sie ihn: GitLab zeigt ihn nur einmal.',
  ],
}
