import type { Project } from '../store/projects.ts'
import { roles } from '../store/projects.ts'
import { iso } from './people.ts'
import { levelIn, projectOf, type Role } from './places.ts'
import { forbidden } from './refusals.ts'
import type { ApiCall } from './route.ts'

/** A call below `/projects/{id}`, with what nearly every handler there asks. */
export interface InProject extends ApiCall {
  readonly project: Project
  /** The caller's role in the project; 0: none. */
  readonly level: number
}

/** Looks for the project, which may not be there for the caller, and for the role, if one is named. */
export function inProject(call: ApiCall, role?: Role): InProject {
  const project = projectOf(call)
  const found = { ...call, project, level: levelIn(call.store, call.user, project) }
  if (role !== undefined) requireLevel(found, role)
  return found
}

export function requireLevel({ level }: InProject, role: Role): void {
  if (level < roles[role]) throw forbidden()
}

/** For what the guests of a private project may not read: code, merge requests, pipelines. */
export function requireReader(call: InProject): void {
  if (call.project.visibility === 'private') requireLevel(call, 'reporter')
}

/** The rows of a table that are the project's. */
export function ofProject<Row extends { projectId: number }>(
  { project }: Pick<InProject, 'project'>,
  table: ReadonlyMap<number, Row>,
): Row[] {
  return [...table.values()].filter((row) => row.projectId === project.id)
}

/** The number that comes after those of the project's rows. */
export function nextIid(rows: readonly { iid: number }[]): number {
  return Math.max(0, ...rows.map((row) => row.iid)) + 1
}

/** A page of the instance that people look at: `/-/issues/4`. */
export function webUrl({ project, url }: InProject, path: string): string {
  return url(`/${project.path}${path}`)
}

export function apiUrl({ project, url }: InProject, path = ''): string {
  return url(`/api/v4/projects/${project.id}${path}`)
}

/** Moments as GitLab writes them; one that is not known is null. */
export function moments(values: Record<string, number | null>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : iso(value)]),
  )
}

export function personIds(call: ApiCall, names: readonly string[]): number[] {
  return names.map((name) => call.store.userByName(name)?.id ?? -1)
}
