import { KeywellError, tenantIdSchema } from '@keywell/protocol'
import type { Context } from 'hono'
import { z } from 'zod'
import type { Refusals } from '../audit/refusals.ts'
import { DeadKey } from '../auth/key-cache.ts'
import { installation } from '../store/scope.ts'
import type { SessionRow } from '../store/sessions.ts'
import { type Environment, routeOf } from './context.ts'
import { keyActor, userActor } from './principal.ts'

const namesTenant = z.object({ tenantId: tenantIdSchema })

/** Notes calls with a key or a token that were refused, for the audit log. Nothing waits for it. */
export interface RefusedCalls {
  /** A key that is not right, or an address that tried too many. */
  wrongKey(c: Context<Environment>, error: unknown): void
  /** A key that is right, and may not do this, or not now. */
  rightKey(c: Context<Environment>, keyId: string, error: unknown): void
  /** It was answered as if there were nothing: its key is not for this tenant, or provider. */
  beyondLimits(c: Context<Environment>, keyId: string, tenantId: string | undefined): void
  /** A page that is not one of the app's came with the connect token of a session. */
  foreignPage(c: Context<Environment>, session: Pick<SessionRow, 'tenantId' | 'userId'>): void
}

export function createRefusedCalls(refusals: Pick<Refusals, 'note'>): RefusedCalls {
  function note(
    c: Context<Environment>,
    call: { tenantId?: string | undefined; actor: string; reason: string },
  ): void {
    refusals.note({
      ...call,
      tenantId: call.tenantId ?? installation,
      route: routeOf(c) ?? 'no route',
      requestId: c.get('requestId'),
    })
  }

  return {
    wrongKey(c, error) {
      if (!(error instanceof KeywellError) || error.status >= 500) return
      if (error.cause instanceof DeadKey) {
        const { keyId, reason } = error.cause
        note(c, { actor: keyActor(keyId), reason })
      } else {
        note(c, { actor: 'unknown', reason: error.code })
      }
    },
    rightKey(c, keyId, error) {
      if (!(error instanceof KeywellError)) return
      const call = { actor: keyActor(keyId), reason: error.code }
      // A flood is not worth the reading of its bodies.
      if (error.code === 'rate_limited') return note(c, { ...call, tenantId: tenantInUrl(c) })
      void tenantOf(c).then((tenantId) => note(c, { ...call, tenantId }))
    },
    beyondLimits(c, keyId, tenantId) {
      note(c, { actor: keyActor(keyId), reason: 'beyond_limits', tenantId })
    },
    foreignPage(c, { tenantId, userId }) {
      note(c, { actor: userActor(userId), reason: 'origin_not_allowed', tenantId })
    },
  }
}

/** The tenant that a call names in its query, its path or its body. */
export async function tenantOf(c: Context<Environment>): Promise<string | undefined> {
  const named = tenantInUrl(c)
  if (named !== undefined || c.req.method === 'GET') return named
  return namesTenant.safeParse(await c.req.json().catch(() => undefined)).data?.tenantId
}

function tenantInUrl(c: Context<Environment>): string | undefined {
  const [, inPath] = /^\/v1\/tenants\/([^/]+)/.exec(c.req.path) ?? []
  return tenantIdSchema.safeParse(c.req.query('tenantId') ?? decoded(inPath)).data
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text && decodeURIComponent(text)
  } catch {
    return undefined
  }
}
