import { useConnection } from '@keywell/react'
import { type ReactElement, useId, useState } from 'react'
import type { Integration, Me } from '../../api.ts'
import { GitLabCard } from '../gitlab-card.tsx'
import { useIntegrationWords } from '../integration-words.ts'
import { useLanguage } from '../language.ts'
import { Link } from '../link.tsx'
import { PageHead } from '../page-head.tsx'
import { ProjectsSection } from '../projects-table.tsx'
import { ProviderCard } from '../provider-card.tsx'
import { SelfManagedCard } from '../self-managed-card.tsx'
import type { IntegrationsAnswer } from '../use-integrations.ts'
import { WantedScopes } from '../wanted-scopes.tsx'

/** Settings → Integrations: connect an account, see what is allowed and what is there, and disconnect. */
export function Integrations({
  me,
  integrations: { integrations: others, error, reload },
}: {
  me: Me
  integrations: IntegrationsAnswer
}): ReactElement {
  const words = useIntegrationWords()
  const { language } = useLanguage()
  const [search, setSearch] = useState('')
  const [gone, setGone] = useState<string>()
  const isShown = (title: string): boolean =>
    title.toLowerCase().includes(search.trim().toLowerCase())
  const selfManaged = words.selfManaged.title
  const titles = ['GitLab', selfManaged, ...others.map(({ title }) => title)]
  return (
    <div lang={language}>
      <PageHead title={words.title} />
      <p className="lead">{words.lead}</p>
      <Notice gone={gone} others={others} />
      <Search label={words.find} value={search} onChange={setSearch} />
      <p role="status" className="notice">
        {!titles.some(isShown) && words.none}
      </p>
      {/* Hidden, and not taken away: an attempt that is under way goes on. */}
      <div hidden={!isShown('GitLab')}>
        <GitLab me={me} onConnected={() => setGone(undefined)} onGone={setGone} />
      </div>
      <div hidden={!isShown(selfManaged)}>
        <SelfManagedCard
          me={me}
          onConnected={() => setGone(undefined)}
          onDisconnected={() => setGone(words.selfManaged.disconnected)}
        />
      </div>
      {others.map((integration) => (
        <div key={integration.provider} hidden={!isShown(integration.title)}>
          <ProviderCard
            integration={integration}
            onConnected={() => setGone(undefined)}
            onDisconnected={() => setGone(words.disconnected(integration.title))}
          />
        </div>
      ))}
      {error && (
        <div role="alert" className="card empty">
          <p lang="en">{error.message}</p>
          <button type="button" className="button" onClick={reload}>
            {words.again}
          </button>
        </div>
      )}
      <p className="more-link">
        <Link href="/settings/accounts">{words.accounts}</Link>
      </p>
    </div>
  )
}

function GitLab(props: {
  me: Me
  onConnected: () => void
  onGone: (sentence: string) => void
}): ReactElement {
  const { disconnected } = useIntegrationWords()
  const host = props.me.gitlabHost ?? undefined
  const gitlab = useConnection('gitlab', { host })
  const { connection } = gitlab
  return (
    <>
      <GitLabCard
        host={host}
        gitlab={gitlab}
        onConnected={props.onConnected}
        onDisconnected={() => props.onGone(disconnected('GitLab'))}
      />
      {connection?.status === 'active' && (
        <WantedScopes provider="gitlab" title="GitLab" host={host} granted={connection.scopes} />
      )}
      {connection?.status === 'active' && (
        <div lang="en">
          <ProjectsSection
            connectionKey={`${connection.id}/${connection.generation}`}
            onAccessLost={() => void gitlab.refresh()}
          />
        </div>
      )}
    </>
  )
}

/** What has just been disconnected, or what is needed by what sent the user here. */
function Notice(props: { gone: string | undefined; others: readonly Integration[] }): ReactElement {
  const { needed } = useIntegrationWords()
  // Keywell's `connectUrl` leads here, from an error or from an agent's answer, with the provider's name.
  const wanted = new URLSearchParams(window.location.search).get('provider') ?? ''
  const { connection, status } = useConnection(wanted)
  const title =
    wanted === 'gitlab' ? 'GitLab' : props.others.find(({ provider }) => provider === wanted)?.title
  const isMissing = status === 'ready' && connection?.status !== 'active'
  return (
    <p role="status" className="notice">
      {props.gone ?? (isMissing && title !== undefined && needed(title))}
    </p>
  )
}

function Search(props: {
  label: string
  value: string
  onChange: (text: string) => void
}): ReactElement {
  const id = useId()
  return (
    <div className="search">
      <label htmlFor={id}>{props.label}</label>
      <input
        id={id}
        type="search"
        autoComplete="off"
        value={props.value}
        onChange={({ target }) => props.onChange(target.value)}
      />
    </div>
  )
}
