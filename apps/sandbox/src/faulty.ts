import { setTimeout as sleep } from 'node:timers/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import type { Call, Effect, Endpoint } from './control/faults.ts'
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
      await injectFaults(c, work, faults.take(call), instance)
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

async function injectFaults(
  c: Context<Env>,
  next: () => Promise<void>,
  effects: readonly Effect[],
  instance: Instance,
): Promise<void> {
  for (const effect of effects.filter((effect) => !comesAfter(effect))) {
    const instead = await injectFault(c, effect, instance)
    if (instead !== undefined) {
      c.res = instead
      return
    }
  }
  await next()
  for (const effect of effects.filter(comesAfter)) {
    const instead = await injectFault(c, effect, instance)
    if (instead === undefined) continue
    // Cleared first: Hono would carry the headers of the real answer over to this one.
    c.res = undefined
    c.res = instead
  }
}

function comesAfter(effect: Effect): boolean {
  return effect.kind === 'patch' || effect.kind === 'rewrite' || effect.after === true
}

/** Answers what is sent instead, if anything. */
async function injectFault(
  c: Context<Env>,
  effect: Effect,
  { stopping }: Instance,
): Promise<Response | undefined> {
  switch (effect.kind) {
    case 'delay':
      await sleep(effect.ms, undefined, { signal: stopping }).catch(() => {})
      return stopping.aborted ? cut(c) : undefined
    case 'drop':
      return cut(c)
    case 'respond':
      return new Response(effect.body, {
        status: effect.status,
        headers: effect.headers ?? { 'content-type': 'text/plain' },
      })
    case 'patch':
      return await patch(c.res, effect)
    case 'rewrite':
      return await rewrite(c.res, effect)
    default:
      return effect satisfies never
  }
}

function cut(c: Context<Env>): Response {
  c.env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}

/** Changes a JSON answer; a refusal stays as it is. */
async function patch(
  response: Response,
  { set = {}, omit = [], status = 200 }: Extract<Effect, { kind: 'patch' }>,
): Promise<Response | undefined> {
  if (!response.ok) return undefined
  const real: unknown = await response.clone().json()
  const fields = typeof real === 'object' ? { ...real, ...set } : set
  const kept = Object.entries(fields).filter(([name]) => !omit.includes(name))
  return Response.json(Object.fromEntries(kept), { status })
}

/** Says a JSON answer in other words; a refusal stays as it is. */
async function rewrite(
  response: Response,
  { body, status = 200, headers }: Extract<Effect, { kind: 'rewrite' }>,
): Promise<Response | undefined> {
  if (!response.ok) return undefined
  const real: unknown = await response.clone().json()
  const fields = new Map<string, unknown>(Object.entries(Object(real)))
  const text = body.replace(/\{(\w+)\}/g, (_, name: string) => String(fields.get(name) ?? ''))
  return new Response(text, { status, headers: headers ?? { 'content-type': 'text/plain' } })
}

function statusOf(c: Context<Env>): string {
  return c.env.incoming.socket.destroyed ? 'dropped' : String(c.res.status)
}
