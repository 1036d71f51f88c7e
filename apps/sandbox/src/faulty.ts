import { setTimeout as sleep } from 'node:timers/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, MiddlewareHandler } from 'hono'
import type { Call, Effect, Endpoint } from './control/faults.ts'
import type { Env, Instance } from './instance.ts'
import { readForm, readQuery } from './oauth/form.ts'
import { bearerOf } from './oauth/tokens.ts'

/** Counts the calls of an endpoint, and lets the faults strike that are set for it. */
export function faulty(instance: Instance, endpoint: Endpoint): MiddlewareHandler<Env> {
  return async (c, next) => {
    const { counters, faults } = instance
    counters.called(endpoint)
    const call = await describe(c, instance, endpoint)
    const done = observeRefresh(instance, call)
    try {
      await suffer(c, next, faults.strike(call), instance)
    } finally {
      done()
    }
    if (endpoint === 'token') counters.tokenAnswered(statusOf(c))
  }
}

type DescribedCall = Call & { refreshToken?: string | undefined }

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
      clientId: token?.clientId ?? form.client_id,
    }
  }
  const token = store.byAccessToken(bearerOf(c.req.header('authorization'), readQuery(c)) ?? '')
  return { endpoint, path, grantId: token?.grantId, clientId: token?.clientId }
}

/** Answers what to call when the refresh is over, its faults included. */
function observeRefresh({ counters }: Instance, call: DescribedCall): () => void {
  if (call.grantType !== undefined) counters.grantTypeSeen(call.grantType)
  if (call.grantType !== 'refresh_token') return () => {}
  if (call.refreshToken !== undefined) counters.refreshTokenPresented(call.refreshToken)
  return call.grantId === undefined ? () => {} : counters.refreshStarted(call.grantId)
}

async function suffer(
  c: Context<Env>,
  next: () => Promise<void>,
  effects: readonly Effect[],
  instance: Instance,
): Promise<void> {
  for (const effect of effects.filter((effect) => !comesAfter(effect))) {
    const instead = await happen(c, effect, instance)
    if (instead !== undefined) {
      c.res = instead
      return
    }
  }
  await next()
  for (const effect of effects.filter(comesAfter)) {
    const instead = await happen(c, effect, instance)
    if (instead === undefined) continue
    // Cleared first: Hono would carry the headers of the real answer over to this one.
    c.res = undefined
    c.res = instead
  }
}

function comesAfter(effect: Effect): boolean {
  return effect.kind === 'patch' || effect.after === true
}

/** Answers what is sent instead, if anything. */
async function happen(
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
  { set = {}, omit = [] }: Extract<Effect, { kind: 'patch' }>,
): Promise<Response | undefined> {
  if (!response.ok) return undefined
  const real: unknown = await response.clone().json()
  const fields = typeof real === 'object' ? { ...real, ...set } : set
  const kept = Object.entries(fields).filter(([name]) => !omit.includes(name))
  return Response.json(Object.fromEntries(kept))
}

function statusOf(c: Context<Env>): string {
  return c.env.incoming.socket.destroyed ? 'dropped' : String(c.res.status)
}
