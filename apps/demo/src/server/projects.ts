import { type Keywell, KeywellError } from '@keywell/sdk'
import { z } from 'zod'
import type { Project, ProjectList } from '../api.ts'
import type { Person } from '../people.ts'
import { AcmeError } from './failures.ts'

/** What Acme asks GitLab for, and what its users may allow beside it. */
export const gitlabScopes: { required: string[]; optional: string[] } = {
  required: ['read_api'],
  optional: ['write_repository', 'api'],
}

const pageSize = 20
const timeoutMs = 10_000

/**
 * The user's GitLab projects, most recently active first. The whole integration is `keywell.fetch`:
 * it knows the user's instance, adds a token that is fresh, and tries again if GitLab has replaced it.
 */
export async function listProjects(
  keywell: Keywell,
  { person, host }: { person: Person; host: string | undefined },
): Promise<ProjectList> {
  const query = { provider: 'gitlab', tenantId: person.tenant.id, userId: person.id, host }
  const path = `/api/v4/projects?membership=true&order_by=last_activity_at&per_page=${pageSize}`
  const response = await keywell
    .fetch(query, path, { signal: AbortSignal.timeout(timeoutMs) })
    .catch(notReached)
  if (!response.ok) {
    await response.body?.cancel()
    throw refused(response.status)
  }
  const projects = await readProjects(response)
  return { projects, more: Boolean(response.headers.get('x-next-page')) }
}

/** What Keywell says stands; anything else is the network on the way to GitLab. */
function notReached(error: unknown): never {
  if (error instanceof KeywellError) throw error
  throw new AcmeError('unavailable', 'GitLab cannot be reached at the moment.', { cause: error })
}

function refused(status: number): AcmeError {
  return status === 403
    ? new AcmeError('scope_missing', 'Acme needs one more permission at GitLab. Connect it again.')
    : new AcmeError(
        'provider_error',
        `GitLab answered with status ${status}. Try again in a moment.`,
      )
}

/** GitLab leaves `open_issues_count` out where issues are switched off. */
const projectsSchema = z.array(
  z
    .object({
      id: z.int(),
      name: z.string(),
      path_with_namespace: z.string(),
      description: z.string().nullish(),
      web_url: z.url({ protocol: /^https?$/ }),
      visibility: z.enum(['private', 'internal', 'public']),
      open_issues_count: z.int().nullish(),
      last_activity_at: z.iso.datetime({ offset: true }).nullish(),
    })
    .transform(
      (row): Project => ({
        id: row.id,
        name: row.name,
        path: row.path_with_namespace,
        description: row.description || null,
        url: row.web_url,
        visibility: row.visibility,
        openIssues: row.open_issues_count ?? null,
        lastActivityAt: row.last_activity_at ?? null,
      }),
    ),
)

async function readProjects(response: Response): Promise<Project[]> {
  try {
    return projectsSchema.parse(await response.json())
  } catch (cause) {
    throw new AcmeError('provider_error', 'GitLab gave an answer that Acme cannot read.', { cause })
  }
}
