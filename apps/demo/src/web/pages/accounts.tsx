import { ConnectionsManager } from '@keywell/react'
import type { ReactElement } from 'react'
import type { Me } from '../../api.ts'
import { type Language, useLanguage } from '../language.ts'
import { Link } from '../link.tsx'
import { PageHead } from '../page-head.tsx'
import type { IntegrationsAnswer } from '../use-integrations.ts'

const words: Readonly<Record<Language, { title: string; lead: string; selfManaged: string }>> = {
  en: {
    title: 'Accounts',
    lead: 'Everything that Acme may use in your name. You can take the access back at any time.',
    selfManaged: 'Connect a self-managed GitLab',
  },
  de: {
    title: 'Konten',
    lead: 'Alles, was Acme in Ihrem Namen benutzen darf. Den Zugriff können Sie jederzeit zurücknehmen.',
    selfManaged: 'Ein selbst betriebenes GitLab verbinden',
  },
}

/** Settings → Accounts: all that is connected, several accounts of one provider too. */
export function Accounts({
  me,
  integrations: { integrations },
}: {
  me: Me
  integrations: IntegrationsAnswer
}): ReactElement {
  const { language } = useLanguage()
  const { title, lead, selfManaged } = words[language]
  const host = me.gitlabHost ?? undefined
  return (
    <div lang={language}>
      <PageHead title={title} />
      <p className="lead">{lead}</p>
      <ConnectionsManager
        className="accounts"
        providers={[
          { provider: 'gitlab', host, method: 'oauth', scopes: ['read_api'] },
          ...integrations.map(({ provider, method }) => ({ provider, method: method.id })),
        ]}
      />
      <p className="more-link">
        <Link href="/settings/integrations">{selfManaged}</Link>
      </p>
    </div>
  )
}
