import type { Context } from 'hono'
import type { RequestActor } from '../audit/actor.ts'
import type { RequestAccess } from '../auth/access.ts'
import type { McpGrant } from '../mcp/tokens.ts'
import type { SessionRow } from '../store/sessions.ts'
import type { Environment } from './context.ts'

/** Who sent a request, and what that allows. The guard of its route finds it out. */
export type Principal =
  /** A backend, with an API key. */
  | { readonly kind: 'api_key'; readonly access: RequestAccess }
  /** A page of the app, with the connect token of a session. */
  | { readonly kind: 'connect_token'; readonly session: SessionRow }
  /** An agent, with a token of MCP. */
  | { readonly kind: 'mcp_token'; readonly grant: McpGrant }
  /** A page of the service. It has no credential: a cookie binds it to its flow. */
  | { readonly kind: 'hosted_page' }

type Kind = Principal['kind']
type Of<One extends Kind> = Extract<Principal, { kind: One }>

/** @throws TypeError: the guard that lets such principals in is not in front of this route */
export function principalOf<One extends Kind>(c: Context<Environment>, kind: One): Of<One> {
  const principal = c.get('principal')
  if (principal?.kind !== kind) throw new TypeError(`no guard has let a ${kind} in`)
  // The kind was compared above.
  return principal as Of<One>
}

/** Who acts by this request, for the audit log. @throws TypeError: no guard is in front of this route */
export function callerOf(c: Context<Environment>): RequestActor {
  const principal = c.get('principal')
  if (principal === undefined) throw new TypeError('no guard has let anybody in')
  return { actor: actorOf(principal), requestId: c.get('requestId') }
}

function actorOf(principal: Principal): string {
  switch (principal.kind) {
    case 'api_key':
      return keyActor(principal.access.id)
    case 'connect_token':
      return userActor(principal.session.userId)
    case 'mcp_token':
      return `mcp:${principal.grant.tokenId}`
    case 'hosted_page':
      return 'browser'
    default:
      principal satisfies never
      throw new TypeError('unreachable')
  }
}

/** An API key in the audit log, also of a call that is refused. */
export const keyActor = (keyId: string): string => `key:${keyId}`

/** A user at a page of the app, likewise. */
export const userActor = (userId: string): string => `user:${userId}`
