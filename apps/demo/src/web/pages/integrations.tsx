import { useConnection } from '@keywell/react'
import { type ReactElement, useState } from 'react'
import type { Me } from '../../api.ts'
import { GitLabCard } from '../gitlab-card.tsx'
import { useIntegrationWords } from '../integration-words.ts'
import { useLanguage } from '../language.ts'
import { Link } from '../link.tsx'
import { PageHead } from '../page-head.tsx'
import { ProjectsSection } from '../projects-table.tsx'
import { SelfManagedCard } from '../self-managed-card.tsx'

/** Settings → Integrations: connect GitLab, and one that is self-managed; see what is allowed, and disconnect. */
export function Integrations({ me }: { me: Me }): ReactElement {
  const words = useIntegrationWords()
  const { language } = useLanguage()
  const host = me.gitlabHost ?? undefined
  const gitlab = useConnection('gitlab', { host })
  const [gone, setGone] = useState<'gitlab' | 'selfManaged'>()
  const { connection, status } = gitlab
  const isMissing = status === 'ready' && connection?.status !== 'active'
  return (
    <div lang={language}>
      <PageHead title={words.title} />
      <p className="lead">{words.lead}</p>
      <p role="status" className="notice">
        {(gone === 'gitlab' && words.disconnected) ||
          (gone === 'selfManaged' && words.selfManaged.disconnected) ||
          (isMissing && wasSentHere() && words.needed)}
      </p>
      <GitLabCard
        host={host}
        gitlab={gitlab}
        onConnected={() => setGone(undefined)}
        onDisconnected={() => setGone('gitlab')}
      />
      {connection?.status === 'active' && (
        <div lang="en">
          <ProjectsSection
            connectionKey={`${connection.id}/${connection.generation}`}
            onAccessLost={() => void gitlab.refresh()}
          />
        </div>
      )}
      <SelfManagedCard
        me={me}
        onConnected={() => setGone(undefined)}
        onDisconnected={() => setGone('selfManaged')}
      />
      <p className="more-link">
        <Link href="/settings/accounts">{words.accounts}</Link>
      </p>
    </div>
  )
}

/** Keywell's `connectUrl` leads here, from an error or from an agent's answer, with the provider's name. */
function wasSentHere(): boolean {
  return new URLSearchParams(window.location.search).get('provider') === 'gitlab'
}
