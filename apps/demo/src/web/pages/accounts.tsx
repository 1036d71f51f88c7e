import { ConnectionsManager } from '@keywell/react'
import type { ReactElement } from 'react'
import type { Me } from '../../api.ts'
import { type Language, useLanguage } from '../language.ts'

const words: Readonly<Record<Language, { title: string; lead: string; switchTo: string }>> = {
  en: {
    title: 'Accounts',
    lead: 'Everything that Acme may use in your name. You can take the access back at any time.',
    switchTo: 'Deutsch',
  },
  de: {
    title: 'Konten',
    lead: 'Alles, was Acme in Ihrem Namen benutzen darf. Den Zugriff können Sie jederzeit zurücknehmen.',
    switchTo: 'English',
  },
}

/** Settings → Accounts: all that is connected, several accounts of one provider too. */
export function Accounts({ me }: { me: Me }): ReactElement {
  const { language, choose } = useLanguage()
  const { title, lead, switchTo } = words[language]
  const other = language === 'de' ? 'en' : 'de'
  const host = me.gitlabHost ?? undefined
  return (
    <div lang={language}>
      <div className="page-head">
        <h1>{title}</h1>
        <button type="button" className="button" lang={other} onClick={() => choose(other)}>
          {switchTo}
        </button>
      </div>
      <p className="lead">{lead}</p>
      <ConnectionsManager
        className="accounts"
        providers={[{ provider: 'gitlab', host, scopes: ['read_api'] }]}
      />
    </div>
  )
}
