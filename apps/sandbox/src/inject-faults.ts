import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Effect } from './control/faults.ts'

/** The part of Hono's context that a fault needs, whatever its types. */
interface Exchange {
  readonly env: HttpBindings
  get res(): Response
  set res(answer: Response | undefined)
}

/** Does the work with what goes wrong before and after it. */
export async function injectFaults(
  c: Exchange,
  next: () => Promise<void>,
  effects: readonly Effect[],
  stopping: AbortSignal,
): Promise<void> {
  for (const effect of effects.filter((effect) => !comesAfter(effect))) {
    const instead = await injectFault(c, effect, stopping)
    if (instead !== undefined) {
      c.res = instead
      return
    }
  }
  await next()
  for (const effect of effects.filter(comesAfter)) {
    const instead = await injectFault(c, effect, stopping)
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
  c: Exchange,
  effect: Effect,
  stopping: AbortSignal,
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

function cut(c: Exchange): Response {
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
