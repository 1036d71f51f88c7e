/** What surrounds an execution, for tests: a provider that answers what is written down, and a record of what happened. */
import { type ConnectionId, connectionIdSchema, KeywellError } from '@keywell/protocol'
import { providers } from '@keywell/providers'
import {
  type ApprovalDecision,
  type ApprovalRequest,
  type CallOutcome,
  type CallRecord,
  type CredentialState,
  createPlaceMemory,
  createRateLimit,
  defaultPolicy,
  type EarlierCall,
  type ExecutedTool,
  executeTool,
  type FoundConnection,
  SendFailure,
  type SendRequest,
  type SentAnswer,
  type ToolCall,
  type ToolConnection,
  type ToolPolicy,
  type ToolPorts,
} from '../index.ts'

const connectionId: ConnectionId = connectionIdSchema.parse('con_01JDXYZABCDEFGHJKMNPQRSTVW')

const [gitlab] = providers.filter(({ name }) => name === 'gitlab')
if (gitlab === undefined) throw new Error('GitLab is gone.')

export const connection: ToolConnection = {
  id: connectionId,
  name: 'default',
  provider: 'gitlab',
  host: 'https://gitlab.example',
  generation: 3,
  scopes: ['api'],
  implications: gitlab,
}

export const openPolicy: ToolPolicy = { ...defaultPolicy, approval: 'never' }

/** An answer, with JSON where its body is no text. */
export interface Answer {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly secrets?: readonly string[]
  readonly isCut?: boolean
}

export interface WorldOptions {
  readonly found?: FoundConnection
  readonly scopes?: readonly string[] | undefined
  readonly policy?: Partial<ToolPolicy>
  /** By `METHOD /path` without `/api/v4`; in turn where there are several, the last one again and again. `*`: any other. */
  readonly answers?: Readonly<
    Record<string, Answer | SendFailure | readonly (Answer | SendFailure)[]>
  >
  readonly credential?: CredentialState | readonly CredentialState[]
  readonly approval?: ApprovalDecision
  readonly beginFails?: boolean
}

export interface World {
  readonly ports: ToolPorts
  /** `METHOD /path?query` of each request that was sent. */
  readonly sent: string[]
  readonly requests: SendRequest[]
  readonly records: CallRecord[]
  readonly outcomes: CallOutcome[]
  readonly refusals: string[]
  readonly approvals: ApprovalRequest[]
  readonly examined: number[]
  readonly waits: number[]
  readonly replays: CallRecord[]
  readonly pauses: number[]
  /** What is so from the next call on. */
  change(policy: Partial<ToolPolicy>): void
  advance(ms: number): void
  call(tool: string, args?: unknown, more?: Partial<ToolCall>): Promise<ExecutedTool>
  /** Of a call that fails. */
  failure(tool: string, args?: unknown, more?: Partial<ToolCall>): Promise<KeywellError>
}

export function createWorld(options: WorldOptions = {}): World {
  let time = Date.UTC(2026, 10, 30)
  const scopes = 'scopes' in options ? options.scopes : connection.scopes
  const { found = { state: 'active', connection: { ...connection, scopes } } } = options
  let policy = { ...openPolicy, ...options.policy }
  const limit = createRateLimit(() => time)
  const queues = new Map(
    Object.entries(options.answers ?? {}).map(([key, all]) => [key, [all].flat()]),
  )
  const states = [options.credential ?? { state: 'alive' as const }].flat()
  const log = {
    sent: [] as string[],
    requests: [] as SendRequest[],
    records: [] as CallRecord[],
    outcomes: [] as CallOutcome[],
    refusals: [] as string[],
    approvals: [] as ApprovalRequest[],
    examined: [] as number[],
    waits: [] as number[],
    replays: [] as CallRecord[],
    pauses: [] as number[],
  }
  const taken = new Map<string, { hash: string; call: EarlierCall }>()
  const ports: ToolPorts = {
    now: () => time,
    wait: async (ms) => {
      log.waits.push(ms)
      time += ms
    },
    placeMemory: createPlaceMemory(),
    findConnection: async () => found,
    policy: async () => policy,
    send: async (_, request) => {
      const { method, path, query } = request
      log.sent.push(`${method} ${path}${query === '' ? '' : `?${query}`}`)
      log.requests.push(request)
      const own = queues.get(`${method} ${path.replace('/api/v4', '')}`)
      return sentAnswer(next(own ?? queues.get('*')))
    },
    examine: async (_, generation) => {
      log.examined.push(generation)
      return next(states) ?? { state: 'unknown' }
    },
    takePlace: ({ id }, { rateLimit }) => limit.takePlace(id, rateLimit),
    pause: ({ id }, ms) => {
      log.pauses.push(ms)
      limit.pause(id, ms)
    },
    connectUrl: async (_, missing) => `https://app.example/connect?scopes=${missing.join('+')}`,
    useApproval: async () => options.approval ?? { state: 'invalid', reason: 'unknown' },
    requestApproval: async (request) => {
      log.approvals.push(request)
      return { state: 'pending', id: 'apr_1', endsAt: '2026-11-30T12:00:00.000Z' }
    },
    keys: {
      take: async (key, { hash }) => {
        const earlier = taken.get(key)
        if (earlier === undefined) taken.set(key, { hash, call: { state: 'in_progress' } })
        return earlier && (earlier.hash === hash ? earlier.call : { state: 'other_call' })
      },
      settle: async (key, { hash }, outcome) => {
        if (outcome.state === 'free') taken.delete(key)
        else taken.set(key, { hash, call: outcome })
      },
      replayed: async (record) => {
        log.replays.push(record)
      },
    },
    begin: async (record) => {
      if (options.beginFails) throw new KeywellError('unavailable', 'The audit log is away.')
      log.records.push(record)
      return 'exe_1'
    },
    end: async (_id, _record, outcome) => {
      log.outcomes.push(outcome)
    },
    refused: async (_tool, { result }) => {
      log.refusals.push(result)
    },
  }
  const call: World['call'] = (tool, args = {}, more = {}) =>
    executeTool(ports, { tool, arguments: args, ...more })
  return {
    ports,
    ...log,
    change: (changes) => {
      policy = { ...policy, ...changes }
    },
    advance: (ms) => {
      time += ms
    },
    call,
    failure: async (...given) => {
      const error = await call(...given).then(
        () => new Error('It did not fail.'),
        (thrown: unknown) => thrown,
      )
      if (error instanceof KeywellError) return error
      throw error
    },
  }
}

/** The last one stays. */
function next<Item>(queue: Item[] | undefined): Item | undefined {
  return queue !== undefined && queue.length > 1 ? queue.shift() : queue?.[0]
}

function sentAnswer(answer: Answer | SendFailure | undefined): SentAnswer {
  if (answer instanceof SendFailure) throw answer
  if (answer === undefined) throw new SendFailure('unreachable', 'Nothing is there', false)
  const { status = 200, body = '', headers = {}, secrets = [], isCut = false } = answer
  return {
    status,
    headers: new Headers(headers),
    body:
      body instanceof Uint8Array
        ? body
        : new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    isCut,
    generation: 3,
    secrets,
  }
}
