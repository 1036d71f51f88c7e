import { randomBytes } from 'node:crypto'
import {
  type Approval,
  type ErrorCode,
  KeywellError,
  makeId,
  type ToolErrorCode,
  type ToolView,
  tenantIdSchema,
  userIdSchema,
} from '@keywell/protocol'
import { onTestFinished } from 'vitest'
import type { Entry, StreamLine } from '../../assistant-api.ts'
import { createDemo } from '../../index.ts'
import type { Model } from './model.ts'

const origin = 'http://localhost:7402'
const keywellUrl = 'http://keywell.test'

const project = { id: 501, path_with_namespace: 'lighthouse/webshop' }
const pipeline = { id: 9_001, ref: 'main', web_url: 'https://gitlab.test/p/9001' }

/** In the order in which they are asked for. */
export const approvalIds: readonly string[] = [1, 2, 3].map((place) =>
  makeId('connection', new Uint8Array(10).fill(place), 0).replace('con_', 'apr_'),
)

/** Tools as a provider with one failed pipeline answers them, through a service that a test steers. */
class FakeKeywell {
  /** Scopes of the connection. */
  scopes = ['read_api']
  pipelines: object[] = [pipeline]
  approvals = new Map<string, Approval['state']>()
  /** Names of the tools that were sent to the provider. */
  readonly sent: string[] = []
  readonly decisions: unknown[] = []
  readonly executed: Record<string, unknown>[] = []
  /** The service cannot be reached. */
  away = false

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const text = await request.text()
    try {
      if (this.away) return new Response(null, { status: 503 })
      return Response.json(this.#answer(pathname, text === '' ? {} : JSON.parse(text)))
    } catch (error) {
      if (!(error instanceof KeywellError)) throw error
      const type = { 'content-type': 'application/problem+json' }
      return Response.json(error.toProblem('req_1'), { status: error.status, headers: type })
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: a stand-in reads only what tests send
  #answer(path: string, body: any): object {
    const [, , area, id, deed] = path.split('/')
    if (path === '/v1/tools/list-scoped') return this.#list(body.filter.toolNames)
    if (path === '/v1/tools/execute') return this.#execute(body)
    if (path === '/v1/audit') return { entries: auditEntries, nextCursor: null }
    if (area !== 'approvals' || id === undefined) throw new KeywellError('unavailable', path)
    if (deed === undefined) return this.#approval(id)
    if (this.approvals.get(id) !== 'pending') throw new KeywellError('conflict', 'Decided.')
    this.decisions.push(body)
    this.approvals.set(id, body.decision === 'approve' ? 'approved' : 'denied')
    return this.#approval(id)
  }

  #list(names: string[]): object {
    return { tools: names.map(viewOf), totalSize: names.length, unavailable: [] }
  }

  #execute(body: {
    tool: string
    arguments: Record<string, unknown>
    approvalId?: string
  }): object {
    this.executed.push(body)
    const { tool, approvalId } = body
    const writes = /create|delete/.test(tool)
    if (writes && !this.scopes.includes('api')) {
      throw refusal(tool, 'scope_missing', 'SCOPE_MISSING', {}, ['api'])
    }
    if (tool === 'gitlab_pipeline_delete') this.#needApproval(tool, approvalId)
    this.sent.push(tool)
    return { data: this.#data(tool, body.arguments), executionId: 'exe_1' }
  }

  #needApproval(tool: string, id = ''): void {
    const state = this.approvals.get(id)
    if (state === 'approved') return
    if (state === 'denied') throw refusal(tool, 'approval_denied', 'APPROVAL_DENIED')
    const approvalId = approvalIds[this.approvals.size] ?? ''
    this.approvals.set(approvalId, 'pending')
    throw refusal(tool, 'approval_required', 'APPROVAL_REQUIRED', { approvalId })
  }

  #data(tool: string, args: Record<string, unknown>): unknown {
    if (tool === 'gitlab_projects_list') return [project, { ...project, id: 502 }]
    if (tool === 'gitlab_pipelines_list') return args.project_id === 501 ? this.pipelines : []
    if (tool === 'gitlab_pipeline_jobs_list') return [{ id: 77, name: 'unit tests' }]
    if (tool === 'gitlab_job_log_get')
      return { content: 'install\ntest\n\nERROR: 2 tests failed\n' }
    if (tool === 'gitlab_issue_create') return { iid: 25, web_url: 'https://gitlab.test/i/25' }
    this.pipelines = []
    return { ok: true }
  }

  #approval(id: string): Approval {
    const state = this.approvals.get(id)
    if (state === undefined) throw new KeywellError('not_found', 'There is no such approval.')
    return {
      id,
      tenantId: tenantIdSchema.parse('org_northwind'),
      userId: userIdSchema.parse('user_mira'),
      connectionId: makeId('connection', new Uint8Array(10), 0),
      tool: 'gitlab_pipeline_delete',
      title: 'Delete pipeline',
      summary: 'Delete pipeline 9001 of lighthouse/webshop',
      request: { method: 'DELETE', path: '/projects/501/pipelines/9001', query: '' },
      state,
      requestedAt: new Date(0).toISOString(),
      endsAt: new Date(900_000).toISOString(),
      decidedAt: null,
      decidedBy: null,
      arguments: { project_id: '501', pipeline_id: '9001' },
      requestedBy: 'key:key_1',
      agent: 'acme-assistant',
    }
  }
}

const auditEntries = [
  {
    action: 'tool.call',
    result: 'denied',
    reason: 'SCOPE_MISSING: gitlab_issue_create',
    requestId: 'r3',
  },
  { action: 'credential.read', result: 'ok', reason: null, requestId: 'r2' },
  {
    action: 'tool.call',
    result: 'ok',
    reason: 'gitlab_projects_list',
    requestId: 'r1',
    call: { target: { group_id: 'acme', page: '2' } },
  },
  { action: 'tool.call', result: 'intent', reason: 'gitlab_projects_list', requestId: 'r1' },
  { action: 'tool.call', result: 'intent', reason: 'gitlab_issue_create', requestId: 'r0' },
].map((entry, index) => ({
  call: null,
  ...entry,
  id: `aud_${index}`,
  tenantId: 'org_northwind',
  at: new Date(0).toISOString(),
  actor: 'key:key_1',
  userId: 'user_mira',
  connectionId: null,
  generation: null,
  position: index + 1,
}))

function viewOf(name: string): ToolView {
  return {
    name,
    provider: 'gitlab',
    group: 'pipelines',
    title: `Title of ${name}`,
    description: 'What it does.',
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
    annotations: { title: name, readOnlyHint: true, openWorldHint: true },
    scopes: ['api'],
  }
}

function refusal(
  name: string,
  error: ErrorCode,
  code: ToolErrorCode,
  more: { approvalId?: string } = {},
  missingScopes?: string[],
): KeywellError {
  const tool = { name, code, refusedBy: 'keywell', ...more } as const
  return new KeywellError(error, `${code} of ${name}.`, { tool, missingScopes })
}

/** Acme before that service, and what a signed-in page does there. */
export async function startAssistant(options: { model?: Model } = {}) {
  const keywell = new FakeKeywell()
  const failures: unknown[] = []
  const demo = createDemo({
    keywellUrl,
    apiKey: 'kw_test',
    origin,
    assets: '/nowhere',
    model: options.model,
    now: Date.now,
    randomBytes,
    onError: (error) => failures.push(error),
    fetch: keywell.fetch,
  })
  onTestFinished(() => demo.close())

  async function signIn(personId = 'user_mira') {
    const body = JSON.stringify({ personId })
    const signedIn = await demo.fetch(
      new Request(`${origin}/api/sign-in`, { method: 'POST', body, headers: { origin } }),
    )
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    const send = (method: string, path: string, body?: unknown) =>
      demo.fetch(
        new Request(origin + path, {
          method,
          headers: { origin, cookie },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      )
    return {
      send,
      /** What is streamed, an entry or a failure a line. */
      async say(text: string, language = 'en') {
        return linesOf(await send('POST', '/api/assistant/messages', { text, language }))
      },
      async answer(entry: number, answer: string) {
        return linesOf(await send('POST', '/api/assistant/answers', { entry, answer }))
      },
      async entries(): Promise<Entry[]> {
        return (await (await send('GET', '/api/assistant')).json()).entries
      },
    }
  }
  return { keywell, failures, demo, signIn, ...(await signIn()) }
}

async function linesOf(response: Response): Promise<StreamLine[]> {
  const text = await response.text()
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** The last entry of a kind, as it was shown last. */
export function lastOf<Kind extends Entry['kind']>(
  entries: readonly Entry[],
  kind: Kind,
): Extract<Entry, { kind: Kind }> {
  const found = entries.findLast((entry) => entry.kind === kind)
  if (found === undefined) throw new Error(`There is no entry of kind ${kind}.`)
  return found as Extract<Entry, { kind: Kind }> // by its kind
}
