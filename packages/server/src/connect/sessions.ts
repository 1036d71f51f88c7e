import {
  type ConnectOptions,
  type createSessionSchema,
  KeywellError,
  type SessionAnswer,
} from '@keywell/protocol'
import { findViolation, scopesAllowed } from '@keywell/providers'
import type { z } from 'zod'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import { type ConnectTokens, sessionLifeMs } from '../auth/connect-token.ts'
import { requireKnownScopes, requireProvider } from '../catalogue.ts'
import { parseHost } from '../host.ts'
import type { MakeId } from '../ids.ts'
import type { Logger } from '../logger.ts'
import type { Integrations } from '../oauth/integrations.ts'
import { requireAllowed } from '../policy/require-allowed.ts'
import { noteRefusal, readTenantPolicy } from '../policy/tenant-policies.ts'
import { readClock } from '../store/census.ts'
import { findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { findSession, insertSession, type SessionMac, type SessionRow } from '../store/sessions.ts'
import { foreignOrigin } from './app-origins.ts'
import { type ConnectPeppers, isUnaltered } from './connect-macs.ts'
import { allowedScopes } from './scope-policy.ts'

/** Characters of a refused origin that the audit log keeps: the longest name that DNS knows, and a port. */
const maxOriginInAudit = 270

export interface Sessions {
  /** Step 1: everything that the browser may do is said here, by the app's backend. */
  create(
    request: z.output<typeof createSessionSchema>,
    maker: Actor & { origins: readonly string[] | null },
  ): Promise<SessionAnswer>
  /** The live session that a connect token stands for. */
  open(connectToken: string): Promise<SessionRow>
  /** A session by id, live or not. @throws KeywellError `not_found` */
  read(tenantId: string, id: string): Promise<SessionRow & { live: boolean }>
  /** What a session may connect, for a page that shows it. */
  options(session: SessionRow): Promise<ConnectOptions>
}

export function createSessions(parts: {
  database: Database
  logger: Logger
  peppers: ConnectPeppers
  tokens: ConnectTokens
  integrations: Integrations
  audit: Audit
  makeId: MakeId
  publicUrl: string
  /** That sessions may name; null: all. */
  appOrigins: readonly string[] | null
}): Sessions {
  const { database, logger, peppers, tokens, integrations, audit } = parts

  /**
   * What a session says is believed only as its backend said it.
   *
   * @throws KeywellError `unauthorized` when the row was changed, after an alarm
   */
  async function requireUnaltered(row: SessionRow & SessionMac): Promise<void> {
    if (await isUnaltered(peppers, row, (macs) => macs.ofSession(row))) return
    const alarm = { alarm: 'session_altered', tenantId: row.tenantId, sessionId: row.id }
    logger.error(alarm, 'the row of a connect session was changed')
    throw new KeywellError('unauthorized', 'What is kept of this connect session was changed.', {
      nextStep: "Get a new connect session from the app's backend.",
    })
  }

  /** Whoever asks for a session while it is looked up shares the answer: one token can't flood the database. */
  const lookUps = new Map<string, ReturnType<typeof findSession>>()
  function find(tenantId: string, id: string): ReturnType<typeof findSession> {
    const key = JSON.stringify([tenantId, id])
    const underWay = lookUps.get(key)
    if (underWay !== undefined) return underWay
    const looking = findSession(database.of(tenantId), tenantId, id).finally(() =>
      lookUps.delete(key),
    )
    lookUps.set(key, looking)
    return looking
  }

  /** A backend's mistake is told when the session is made, not when a user clicks. */
  async function check(request: z.output<typeof createSessionSchema>): Promise<void> {
    for (const name of request.providers ?? []) requireProvider(name)
    for (const [name, policy] of Object.entries(request.scopes)) {
      const provider = requireProvider(name)
      requireKnownScopes(provider, [...policy.required, ...policy.optional, ...policy.forbidden])
    }
    const hosts = request.hosts?.map(parseHost)
    for (const [name, host] of Object.entries(request.defaultHosts)) {
      requireProvider(name)
      if (hosts?.includes(parseHost(host)) !== false) continue
      throw new KeywellError('host_not_allowed', `The default ${host} is not one of the hosts.`)
    }
    if (request.connectionId !== undefined) {
      const row = await findConnection(
        database.of(request.tenantId),
        request.tenantId,
        request.connectionId,
      )
      const foreign =
        row?.userId !== request.userId || request.providers?.includes(row.provider) === false
      if (row === undefined || foreign || row.status === 'disconnected') {
        throw new KeywellError('not_found', `There is no connection ${request.connectionId}.`)
      }
    }
  }

  /** What is named here must be allowed; what is not, is looked at when a flow begins. */
  async function checkPolicy(request: z.output<typeof createSessionSchema>): Promise<void> {
    const { tenantId, connectionId } = request
    const policy = await readTenantPolicy(database.of(tenantId), tenantId)
    for (const name of request.providers ?? []) {
      requireAllowed(policy, { provider: requireProvider(name) })
    }
    for (const host of request.hosts ?? []) requireAllowed(policy, { host: parseHost(host) })
    for (const [name, host] of Object.entries(request.defaultHosts)) {
      requireAllowed(policy, { provider: requireProvider(name), host: parseHost(host) })
    }
    for (const [name, { required, optional }] of Object.entries(request.scopes)) {
      const named = [...required, ...optional]
      const scopes = named.length > 0 ? named : undefined
      requireAllowed(policy, { provider: requireProvider(name), scopes })
    }
    if (connectionId === undefined) return
    const mended = await findConnection(database.of(tenantId), tenantId, connectionId)
    if (mended === undefined) return
    requireAllowed(policy, { provider: requireProvider(mended.provider), host: mended.host })
  }

  return {
    async create(request, { actor, requestId, origins: apiKey }) {
      await check(request)
      const { tenantId, userId } = request
      const entry = { actor, requestId, tenantId, userId, action: 'session.create' } as const
      const foreign = foreignOrigin(request, { installation: parts.appOrigins, apiKey })
      if (foreign !== undefined) {
        const reason = `origin_not_allowed: ${foreign.origin.slice(0, maxOriginInAudit)}`
        await audit.write(database.of(tenantId), { ...entry, result: 'denied', reason })
        throw foreign.refusal
      }
      await noteRefusal(parts, entry, () => checkPolicy(request))
      const id = parts.makeId('session')
      const policy = {
        providers: request.providers ?? null,
        scopes: request.scopes,
        hosts: request.hosts?.map(parseHost) ?? null,
        defaultHosts: Object.fromEntries(
          Object.entries(request.defaultHosts).map(([name, host]) => [name, parseHost(host)]),
        ),
        origins: request.origins,
        returnUrl: request.returnUrl,
        returnMode: request.returnMode,
        connectionId: request.connectionId ?? null,
        allowAccountChange: request.allowAccountChange,
      }
      const expiresAt = new Date((await readClock(database.of(tenantId))) + sessionLifeMs)
      const row = { tenantId, id, userId, policy, expiresAt }
      const { version: pepperVersion, macs } = peppers.present()
      await database.transaction(tenantId, async (sql) => {
        await audit.write(sql, { ...entry, result: 'ok' })
        await insertSession(sql, { ...row, mac: macs.ofSession(row), pepperVersion })
      })
      return {
        sessionId: id,
        connectToken: await tokens.sign({ id, tenantId, expiresAt }),
        serviceUrl: parts.publicUrl,
        expiresAt: expiresAt.toISOString(),
      }
    },

    async open(connectToken) {
      const { sessionId, tenantId } = await tokens.verify(connectToken)
      const session = await find(tenantId, sessionId)
      if (session === undefined || !session.live) {
        throw new KeywellError('session_expired', 'This connect session has run out.')
      }
      await requireUnaltered(session)
      return session
    },

    async read(tenantId, id) {
      const session = await findSession(database.of(tenantId), tenantId, id)
      if (session === undefined) {
        throw new KeywellError('not_found', `There is no connect session ${id}.`)
      }
      await requireUnaltered(session)
      return session
    },

    async options(session) {
      const { policy } = session
      const { tenantId } = session
      const tenantPolicy = await readTenantPolicy(database.of(tenantId), tenantId)
      const usable = (await integrations.usable(tenantId)).filter(
        ({ provider: name, host }) =>
          (policy.providers?.includes(name) ?? true) &&
          (policy.hosts?.includes(host) ?? true) &&
          findViolation(tenantPolicy, { provider: requireProvider(name), host }) === undefined,
      )
      const names = [...new Set(usable.map((integration) => integration.provider))]
      return {
        providers: names.map((name) => {
          const provider = requireProvider(name)
          const own = usable.filter((integration) => integration.provider === name)
          const registered = new Set(own.flatMap((integration) => integration.scopes))
          const { required, ceiling } = allowedScopes(policy, name, [...registered])
          const allowed = scopesAllowed(tenantPolicy, provider)
          return {
            name,
            title: provider.title,
            hosts: [...new Set(own.map((integration) => integration.host))],
            scopes: provider.scopes
              .filter((scope) => ceiling.has(scope.name))
              .filter((scope) => allowed?.includes(scope.name) ?? true)
              .map(({ name: scope, sentence, risk, implies }) => ({
                name: scope,
                sentence,
                risk,
                implies: [...implies],
                required: required.has(scope),
              })),
          }
        }),
      }
    },
  }
}
