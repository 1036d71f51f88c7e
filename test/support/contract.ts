import { errorsOf, nameOf, problemSchema, type Route, routeList } from '@keywell/protocol'
import type { TestDatabase } from './inspected.ts'

/** A service whose answers are compared with the table of routes. */
export interface Contract {
  fetch(request: Request): Promise<Response>
  /** What was answered otherwise than the table says. */
  readonly faults: string[]
  /** What was recorded of successful calls otherwise than the table says, by the audit log as it is now. */
  auditFaults(database: Pick<TestDatabase, 'query'>): Promise<string[]>
}

type Service = { fetch(request: Request): Response | Promise<Response> }

/**
 * Compares each answer of a service with the table: an error must be one of its route's, and a success have
 * the status and the schema that are promised.
 */
export function holdContract(service: () => Service): Contract {
  const faults: string[] = []
  /** The routes of calls that succeeded, by the id of the request. */
  const succeeded = new Map<string, Route>()
  return {
    faults,
    async auditFaults(database) {
      const rows = await database.query<{ requestId: string; actions: string[] }>(
        `select request_id as "requestId", array_agg(distinct action order by action) as actions
         from audit where request_id is not null group by request_id`,
      )
      return rows.flatMap(({ requestId, actions }) => {
        const route = succeeded.get(requestId)
        // A key that looks beyond its limits finds nothing, and is recorded on any route.
        const acts = actions.filter((action) => action !== 'call.refuse')
        const isAsSaid = route?.audit === undefined ? acts.length === 0 : acts.includes(route.audit)
        return route === undefined || isAsSaid ? [] : [`${nameOf(route)}: recorded ${actions}`]
      })
    },
    async fetch(request) {
      const response = await service().fetch(request)
      const route = routeOf(request)
      if (route !== undefined && response.ok) {
        succeeded.set(response.headers.get('x-request-id') ?? '', route)
      }
      if (route !== undefined && request.method !== 'HEAD') {
        for (const fault of await faultsIn(route, response))
          faults.push(`${nameOf(route)}: ${fault}`)
      }
      return response
    },
  }
}

/** What a response says otherwise than its route. */
export async function faultsIn(route: Route, response: Response): Promise<string[]> {
  const type = response.headers.get('content-type') ?? ''
  if (type.startsWith('application/problem+json')) {
    const { code } = problemSchema.parse(await response.clone().json())
    return errorsOf(route).includes(code) ? [] : [`answered ${code}`]
  }
  const { answer } = route
  if (response.status !== answer.status) return [`answered ${response.status}`]
  if (!('schema' in answer) || !type.startsWith('application/json')) return []
  const parsed = answer.schema.safeParse(await response.clone().json())
  return parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []
}

const patterns = routeList.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+').replaceAll('.', '\\.')}$`),
}))

function routeOf(request: Request): Route | undefined {
  const { pathname } = new URL(request.url)
  return patterns.find(
    ({ route, pattern }) => route.method === request.method && pattern.test(pathname),
  )?.route
}
