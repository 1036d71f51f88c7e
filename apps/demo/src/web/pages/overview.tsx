import { useConnection } from '@keywell/react'
import type { ReactElement } from 'react'
import type { Me, Project } from '../../api.ts'
import { Link } from '../link.tsx'
import { type UseProjectsOptions, useProjects } from '../use-projects.ts'

/** The first page: what is going on, or how to begin. */
export function Overview({ me }: { me: Me }): ReactElement {
  const { person, gitlabHost } = me
  const { connection, status, refresh } = useConnection('gitlab', { host: gitlabHost ?? undefined })
  const [firstName] = person.name.split(' ')
  return (
    <>
      <h1>Good to see you, {firstName}</h1>
      <p className="lead">What {person.tenant.name} is working on, in one place.</p>
      {!connection && status === 'loading' && <Tiles projects={null} />}
      {connection?.status === 'active' && (
        <Figures
          connectionKey={`${connection.id}/${connection.generation}`}
          onAccessLost={() => void refresh()}
        />
      )}
      {connection?.needsReauth && (
        <Invitation
          title="GitLab needs your attention"
          text="GitLab no longer accepts Acme’s access. Connect it again to see your projects."
          action="Go to integrations"
        />
      )}
      {!connection && status === 'ready' && (
        <Invitation
          title="Start with GitLab"
          text="Connect your account to see your projects and open issues here. It takes two clicks."
          action="Set up GitLab"
        />
      )}
      {!connection && status === 'error' && (
        <p role="alert" className="lead">
          Your integrations cannot be read at the moment. Please come back in a minute.
        </p>
      )}
    </>
  )
}

function Invitation(props: { title: string; text: string; action: string }): ReactElement {
  return (
    <section className="card invitation" aria-labelledby="invitation-title">
      <h2 id="invitation-title">{props.title}</h2>
      <p className="quiet">{props.text}</p>
      <Link href="/settings/integrations" className="button button-primary">
        {props.action}
      </Link>
    </section>
  )
}

const weekMs = 7 * 24 * 60 * 60 * 1000

function Figures(props: UseProjectsOptions): ReactElement {
  const { projects } = useProjects(props)
  if (projects.state === 'failed') {
    return (
      <p role="alert" className="lead">
        {projects.error.message}
      </p>
    )
  }
  return (
    <>
      <Tiles projects={projects.state === 'ready' ? projects.value.projects : null} />
      <p className="more-link">
        <Link href="/settings/integrations">See your projects</Link>
      </p>
    </>
  )
}

/** Without projects, they keep their places while something loads. */
function Tiles({ projects }: { projects: readonly Project[] | null }): ReactElement {
  return (
    <dl className="tiles" aria-busy={projects === null}>
      <Tile label="Projects" value={projects?.length} />
      <Tile label="Open issues" value={projects && openIssues(projects)} />
      <Tile
        label="Active this week"
        value={projects && activeSince(projects, Date.now() - weekMs)}
      />
    </dl>
  )
}

function Tile({ label, value }: { label: string; value: number | null | undefined }): ReactElement {
  return (
    <div className="tile">
      <dt>{label}</dt>
      <dd>{value ?? <span className="skeleton-figure">…</span>}</dd>
    </div>
  )
}

function openIssues(projects: readonly Project[]): number {
  return projects.reduce((sum, project) => sum + (project.openIssues ?? 0), 0)
}

function activeSince(projects: readonly Project[], timeMs: number): number {
  return projects.filter(({ lastActivityAt }) => Date.parse(lastActivityAt ?? '') > timeMs).length
}
