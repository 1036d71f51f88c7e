import { z } from 'zod'
import type { SshKey } from '../store/keys.ts'
import type { User } from '../store/state.ts'
import { param } from './input.ts'
import { isCalled } from './members.ts'
import { page } from './paging.ts'
import { iso, personView } from './people.ts'
import { invalid, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, ok } from './route.ts'
import { isPublicKey, keyBody } from './ssh-keys.ts'

const scopes = ['read_user']

export const userRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: '/user', handle: showCurrentUser, scopes },
  { method: 'GET', path: '/user/emails', handle: listEmails, scopes },
  { method: 'GET', path: '/user/keys', handle: listKeys, scopes },
  { method: 'POST', path: '/user/keys', handle: addKey },
  { method: 'GET', path: '/users', handle: listUsers, scopes },
  { method: 'GET', path: '/users/{id}', handle: showUser, scopes },
  { method: 'GET', path: '/version', handle: showVersion, scopes },
]

const memberSince = '2024-03-04T09:00:00.000Z'
const confirmedAt = '2024-03-04T09:05:00.000Z'

function showCurrentUser(call: ApiCall): Response {
  const { user } = call
  return ok({
    ...userView(call, user),
    email: user.email,
    commit_email: user.email,
    two_factor_enabled: false,
    external: false,
    private_profile: false,
    can_create_group: true,
    can_create_project: true,
    identities: [],
    confirmed_at: confirmedAt,
  })
}

function listEmails(call: ApiCall): Response {
  const own = { id: call.user.id, email: call.user.email, confirmed_at: confirmedAt }
  return page(call, [own], (row) => row)
}

const userFilter = z.object({
  username: param.text.optional(),
  search: param.text.default(''),
  active: param.bool.default(false),
  blocked: param.bool.default(false),
})

function listUsers(call: ApiCall): Response {
  const { username, search, active, blocked } = call.read(userFilter)
  const rows = [...call.store.users.values()]
    .filter(
      (user) =>
        (username === undefined || user.username === username.toLowerCase()) &&
        isCalled(user, search) &&
        (!active || !user.blocked) &&
        (!blocked || user.blocked),
    )
    .sort((a, b) => b.id - a.id)
  return page(call, rows, (user) => personView(call, user))
}

function showUser(call: ApiCall): Response {
  const user = call.store.users.get(numberPart(call, 'id'))
  if (user === undefined) throw notFound('User')
  return ok({ ...userView(call, user), followers: 0, following: 0, is_followed: false })
}

function userView(call: ApiCall, user: User): Record<string, unknown> {
  return {
    ...personView(call, user),
    created_at: memberSince,
    bio: '',
    location: '',
    linkedin: '',
    twitter: '',
    website_url: '',
    organization: '',
    job_title: '',
    pronouns: null,
    bot: false,
    local_time: null,
  }
}

function showVersion(): Response {
  return ok({ version: '18.4.0', revision: 'sandbox' })
}

function listKeys(call: ApiCall): Response {
  const rows = [...call.store.tables.sshKeys.values()].filter(
    ({ userId }) => userId === call.user.id,
  )
  return page(call, rows, keyView)
}

const newKey = z.object({
  title: param.text,
  key: param.text,
  expires_at: param.time.optional(),
  usage_type: z.enum(['auth', 'signing', 'auth_and_signing']).default('auth_and_signing'),
})

function addKey(call: ApiCall): Response {
  const wish = call.read(newKey)
  const { store, user, instance } = call
  const taken = ['has already been taken']
  const same = [...store.tables.sshKeys.values()].some(
    ({ key }) => keyBody(key) === keyBody(wish.key),
  )
  if (same) throw invalid({ fingerprint_sha256: taken, key: taken })
  if (!isPublicKey(wish.key))
    throw invalid({ key: ['type is forbidden. Must be RSA, DSA, ECDSA, or ED25519'] })
  const row: SshKey = {
    id: store.nextId(),
    userId: user.id,
    title: wish.title,
    key: wish.key,
    usageType: wish.usage_type,
    createdAt: instance.now(),
    expiresAt: wish.expires_at ?? null,
  }
  store.tables.sshKeys.set(row.id, row)
  return created(keyView(row))
}

function keyView(row: SshKey): Record<string, unknown> {
  return {
    id: row.id,
    title: row.title,
    created_at: iso(row.createdAt),
    expires_at: row.expiresAt === null ? null : iso(row.expiresAt),
    last_used_at: null,
    key: row.key,
    usage_type: row.usageType,
  }
}
