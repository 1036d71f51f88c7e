import type { User } from '../store/state.ts'
import type { ApiCall } from './route.ts'

/** How the API shows a person beside something else: an author, an assignee, a member. */
export function personView(
  { url }: Pick<ApiCall, 'url'>,
  user: User | undefined,
): Record<string, unknown> | null {
  if (user === undefined) return null
  return {
    id: user.id,
    username: user.username,
    public_email: null,
    name: user.name,
    state: user.blocked ? 'blocked' : 'active',
    locked: false,
    avatar_url: null,
    web_url: url(`/${user.username}`),
  }
}

/** The same by number, for rows that hold one. */
export function personById(call: ApiCall, id: number | null): Record<string, unknown> | null {
  return id === null ? null : personView(call, call.store.users.get(id))
}

export function iso(time: number): string {
  return new Date(time).toISOString()
}
