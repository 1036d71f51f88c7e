import type { Context, MiddlewareHandler } from 'hono'
import type { Call, Endpoint } from './control/faults.ts'
import { injectFaults } from './inject-faults.ts'
import type { Env, Instance } from './instance.ts'
import { readForm, readQuery } from './oauth/form.ts'
import { bearerOf } from './oauth/tokens.ts'

/** Counts the calls of an endpoint, and injects the faults that are set for it. */
export function faulty(instance: Instance, endpoint: Endpoint): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { counters, faults } = instance
    counters.called(endpoint)
    const call = await describe(c, instance, endpoint)
    const refresh = observeRefresh(c, instance, call)
    const work = async () => {
      await next()
      refresh.worked(c.res.ok)
    }
    try {
      await injectFaults(c, work, faults.take(call), instance.stopping)
    } finally {
      refresh.answered()
    }
    if (endpoint === 'token') counters.tokenAnswered(statusOf(c))
  }
}

type DescribedCall = Call & { refreshToken?: string | undefined; pairId?: number | undefined }

async function describe(
  c: Context<Env>,
  { store, root }: Instance,
  endpoint: Endpoint,
): Promise<DescribedCall> {
  const path = c.req.path.slice(root.length)
  if (endpoint === 'authorize') return { endpoint, path, clientId: readQuery(c).client_id }
  if (endpoint === 'token' || endpoint === 'revoke' || endpoint === 'introspect') {
    const form = await readForm(c)
    const value = form.refresh_token ?? form.token ?? ''
    const token = store.byRefreshToken(value) ?? store.byAccessToken(value)
    return {
      endpoint,
      path,
      grantType: endpoint === 'token' ? (form.grant_type ?? '') : undefined,
      refreshToken: form.refresh_token,
      grantId: token?.grantId,
      pairId: token?.id,
      clientId: token?.clientId ?? form.client_id,
    }
  }
  const token = store.byAccessToken(bearerOf(c.req.header('authorization'), readQuery(c)) ?? '')
  return { endpoint, path, grantId: token?.grantId, clientId: token?.clientId }
}

interface Observer {
  /** The real work is done; the faults that come after it are not. */
  worked(well: boolean): void
  /** It is over, faults included; the answer is about to leave. */
  answered(): void
}

function observeRefresh(
  c: Context<Env>,
  { counters, refreshes, now }: Instance,
  { grantType, grantId, pairId, refreshToken }: DescribedCall,
): Observer {
  if (grantType !== undefined) counters.grantTypeSeen(grantType)
  if (grantType !== 'refresh_token') return { worked() {}, answered() {} }
  if (refreshToken !== undefined) counters.refreshTokenPresented(refreshToken)
  const done = grantId === undefined ? () => {} : counters.refreshStarted(grantId)
  const record = refreshes.add(grantId, pairId, now())
  const { incoming, outgoing } = c.env
  const over = () => {
    if (record.endedAt !== null) return
    record.endedAt = now()
    // What is written to a connection that was cut is finished too.
    record.delivered = outgoing.writableFinished && !incoming.socket.destroyed
  }
  outgoing.once('finish', over).once('close', over)
  return {
    worked: (well) => {
      record.issued = well
    },
    answered: () => {
      done()
      if (statusOf(c) !== 'dropped') record.status = c.res.status
    },
  }
}

function statusOf(c: Context<Env>): string {
  return c.env.incoming.socket.destroyed ? 'dropped' : String(c.res.status)
}
