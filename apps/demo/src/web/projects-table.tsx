import type { ReactElement } from 'react'
import type { Project, ProjectList } from '../api.ts'
import { GlobeIcon, LockIcon, ReloadIcon, ShieldIcon } from './icons.tsx'
import { type Projects, type UseProjectsOptions, useProjects } from './use-projects.ts'
import { ago, dateAndTime } from './words.ts'

/** The user's GitLab projects, with every state that a list can be in. */
export function ProjectsSection(props: UseProjectsOptions): ReactElement {
  const { projects, reload } = useProjects(props)
  const loading = projects.state === 'loading'
  return (
    <section className="card" aria-labelledby="projects-title" aria-busy={loading}>
      <div className="card-head">
        <h2 id="projects-title">Your projects</h2>
        <button
          type="button"
          className="icon-button"
          aria-label="Reload projects"
          title="Reload projects"
          aria-disabled={loading}
          onClick={() => !loading && reload()}
        >
          <ReloadIcon />
        </button>
      </div>
      <p role="status" className="visually-hidden">
        {announce(projects)}
      </p>
      <ProjectsBody projects={projects} reload={reload} />
    </section>
  )
}

function announce(projects: Projects): string {
  switch (projects.state) {
    case 'loading':
      return 'Loading projects'
    case 'ready':
      return `${projects.value.projects.length} projects loaded`
    case 'failed':
      return '' // the alert speaks
    default:
      return projects satisfies never
  }
}

function ProjectsBody(props: { projects: Projects; reload: () => void }): ReactElement {
  const { projects, reload } = props
  if (projects.state === 'loading') return <Skeleton />
  if (projects.state === 'failed') {
    return (
      <div className="empty" role="alert">
        <p>{projects.error.message}</p>
        <button type="button" className="button" onClick={reload}>
          Try again
        </button>
      </div>
    )
  }
  if (projects.value.projects.length === 0) {
    return (
      <div className="empty">
        <p>You are not a member of any project yet.</p>
        <p className="quiet">Projects that you join at GitLab appear here.</p>
      </div>
    )
  }
  return <ProjectsTable list={projects.value} />
}

function ProjectsTable({ list }: { list: ProjectList }): ReactElement {
  return (
    <>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Project</th>
            <th scope="col" className="wide-only">
              Visibility
            </th>
            <th scope="col" className="wide-only">
              Last activity
            </th>
            <th scope="col" className="number">
              Open issues
            </th>
          </tr>
        </thead>
        <tbody>
          {list.projects.map((project) => (
            <ProjectRow key={project.id} project={project} />
          ))}
        </tbody>
      </table>
      {list.more && <p className="table-note">The {list.projects.length} most recently active.</p>}
    </>
  )
}

function ProjectRow({ project }: { project: Project }): ReactElement {
  const activity = project.lastActivityAt && (
    <time dateTime={project.lastActivityAt} title={dateAndTime(project.lastActivityAt)}>
      {ago(project.lastActivityAt, Date.now())}
    </time>
  )
  return (
    <tr>
      <th scope="row">
        <a href={project.url} target="_blank" rel="noreferrer" className="project-name">
          {project.name}
        </a>
        <span className="project-path">{project.path}</span>
        <span className="project-meta narrow-only">
          <VisibilityIcon visibility={project.visibility} />
          <span>
            {visibilityLabels[project.visibility]}
            {activity && <> · {activity}</>}
          </span>
        </span>
      </th>
      <td className="wide-only">
        <span className="visibility">
          <VisibilityIcon visibility={project.visibility} />
          {visibilityLabels[project.visibility]}
        </span>
      </td>
      <td className="wide-only quiet">{activity ?? '–'}</td>
      <td className="number">{project.openIssues ?? '–'}</td>
    </tr>
  )
}

type Visibility = Project['visibility']
const visibilityLabels = {
  private: 'Private',
  internal: 'Internal',
  public: 'Public',
} as const satisfies Record<Visibility, string>

function VisibilityIcon({ visibility }: { visibility: Visibility }): ReactElement {
  if (visibility === 'private') return <LockIcon />
  return visibility === 'internal' ? <ShieldIcon /> : <GlobeIcon />
}

/** Four rows of the table's own height, so that nothing jumps when it arrives. */
function Skeleton(): ReactElement {
  return (
    <div className="skeleton" aria-hidden="true">
      {['a', 'b', 'c', 'd'].map((row) => (
        <div key={row} className="skeleton-row">
          <span />
          <span />
        </div>
      ))}
    </div>
  )
}
