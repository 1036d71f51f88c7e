import { randomBytes } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Env, Instance } from '../instance.ts'
import type { User } from '../store/state.ts'

/** Cookies know no ports, and one for `/` goes to `/gitlab` too: the name keeps apart two of us on one machine. */
function cookieName({ root, url }: Instance): string {
  return `gitlab_sandbox_session_${new URL(url()).port}${root.replaceAll('/', '_')}`
}

/** The signed-in user; a blocked user counts as signed out. */
export function withUser(instance: Instance): MiddlewareHandler<Env> {
  const { store } = instance
  return async (c, next) => {
    const session = store.sessions.get(getCookie(c, cookieName(instance)) ?? '')
    const user = session === undefined ? undefined : store.users.get(session.userId)
    c.set('user', user?.blocked === false ? user : undefined)
    await next()
  }
}

/** Always a new session, never one that the browser had before. */
export function startSession(c: Context<Env>, instance: Instance, user: User): void {
  const id = randomBytes(32).toString('hex')
  instance.store.addSession({ id, userId: user.id, createdAt: instance.now() })
  setCookie(c, cookieName(instance), id, cookieOptions(instance))
}

export function endSession(c: Context<Env>, instance: Instance): void {
  const id = deleteCookie(c, cookieName(instance), cookieOptions(instance))
  if (id !== undefined && instance.store.sessions.delete(id)) instance.store.touch()
}

function cookieOptions({ root, url }: Instance): {
  httpOnly: true
  sameSite: 'Lax'
  path: string
  secure: boolean
} {
  const secure = url().startsWith('https:')
  return { httpOnly: true, sameSite: 'Lax', path: root === '' ? '/' : root, secure }
}
