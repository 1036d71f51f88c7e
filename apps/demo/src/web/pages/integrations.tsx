import { useConnection } from '@keywell/react'
import { type ReactElement, useState } from 'react'
import type { Me } from '../../api.ts'
import { GitLabCard } from '../gitlab-card.tsx'
import { ProjectsSection } from '../projects-table.tsx'

/** Settings → Integrations: connect GitLab, see its permissions, disconnect it. */
export function Integrations({ me }: { me: Me }): ReactElement {
  const host = me.gitlabHost ?? undefined
  const gitlab = useConnection('gitlab', { host })
  const [notice, setNotice] = useState('')
  const { connection, status } = gitlab
  const isMissing = status === 'ready' && connection?.status !== 'active'
  return (
    <>
      <h1>Integrations</h1>
      <p className="lead">
        Bring your work into Acme. You sign in at the provider; Acme never sees your password, and
        you can take the access back at any time.
      </p>
      <p role="status" className="notice">
        {notice || (isMissing && wasSentHere() && 'GitLab is needed to go on. Connect it here.')}
      </p>
      <GitLabCard
        host={host}
        gitlab={gitlab}
        onConnected={() => setNotice('')}
        onDisconnected={() => setNotice('GitLab is disconnected. Acme can no longer read it.')}
      />
      {connection?.status === 'active' && (
        <ProjectsSection
          connectionKey={`${connection.id}/${connection.generation}`}
          onAccessLost={() => void gitlab.refresh()}
        />
      )}
    </>
  )
}

/** Keywell's `connectUrl` leads here, from an error or from an agent's answer, with the provider's name. */
function wasSentHere(): boolean {
  return new URLSearchParams(window.location.search).get('provider') === 'gitlab'
}
