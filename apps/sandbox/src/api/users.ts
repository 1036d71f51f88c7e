import type { User } from '../store/state.ts'
import { personView } from './people.ts'
import { type ApiCall, type ApiRoute, ok } from './route.ts'

export const userRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/user', handle: showCurrentUser, scopes: ['read_user'] },
  { method: 'GET', path: '/version', handle: showVersion, scopes: ['read_user'] },
]

function showCurrentUser(call: ApiCall): Response {
  return ok(currentUserView(call, call.user))
}

function showVersion(): Response {
  return ok({ version: '18.4.0', revision: 'sandbox' })
}

/** How the API shows the caller to themselves. */
function currentUserView(call: ApiCall, user: User): Record<string, unknown> {
  return {
    ...personView(call, user),
    bio: '',
    location: null,
    email: user.email,
    commit_email: user.email,
    two_factor_enabled: false,
    external: false,
    created_at: '2024-03-04T09:00:00.000Z',
    confirmed_at: '2024-03-04T09:05:00.000Z',
  }
}
