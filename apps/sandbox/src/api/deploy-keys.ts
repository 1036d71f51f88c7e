import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { DeployKey } from '../store/project-things.ts'
import { type InProject, inProject, ofProject } from './in-project.ts'
import { param } from './input.ts'
import { page } from './paging.ts'
import { iso } from './people.ts'
import { invalid, notFound } from './refusals.ts'
import { numberPart } from './requirements.ts'
import { type ApiCall, type ApiRoute, created, noContent, ok } from './route.ts'
import { isPublicKey, keyBody } from './ssh-keys.ts'

const list = '/projects/{id}/deploy_keys'

/** Of maintainers alone, reading included. */
export const deployKeyRoutes: readonly ApiRoute[] = [
  { method: 'GET', path: list, handle: listKeys },
  { method: 'POST', path: list, handle: addKey },
  { method: 'GET', path: `${list}/{key_id}`, handle: showKey },
  { method: 'DELETE', path: `${list}/{key_id}`, handle: deleteKey },
]

function listKeys(call: ApiCall): Response {
  const at = inProject(call, 'maintainer')
  return page(call, ofProject(at, call.store.tables.deployKeys), keyView)
}

function showKey(call: ApiCall): Response {
  const id = numberPart(call, 'key_id')
  const key = findKey(inProject(call, 'maintainer'), id)
  if (key === undefined) throw notFound()
  return ok(keyView(key))
}

const newKey = z.object({
  title: param.text,
  key: param.text,
  can_push: param.bool.default(false),
  expires_at: param.time.optional(),
})

function addKey(call: ApiCall): Response {
  const wish = call.read(newKey)
  const at = inProject(call, 'maintainer')
  const { store, instance } = call
  const text = wish.key.trim()
  // One that the project has already is answered as it is.
  const known = ofProject(at, store.tables.deployKeys).find(
    ({ key }) => keyBody(key) === keyBody(text),
  )
  if (known !== undefined) return created(keyView(known))
  if (!isPublicKey(text)) {
    throw invalid({ key: ['type is forbidden. Must be RSA, DSA, ECDSA, or ED25519'] })
  }
  if (wish.title === '') throw invalid({ title: ["can't be blank"] })
  const row: DeployKey = {
    id: store.nextId(),
    projectId: at.project.id,
    title: wish.title,
    key: text,
    canPush: wish.can_push,
    createdAt: instance.now(),
    expiresAt: wish.expires_at ?? null,
  }
  store.tables.deployKeys.set(row.id, row)
  return created(keyView(row))
}

function deleteKey(call: ApiCall): Response {
  const id = numberPart(call, 'key_id')
  if (findKey(inProject(call, 'maintainer'), id) === undefined) throw notFound('Deploy Key')
  call.store.tables.deployKeys.delete(id)
  return noContent()
}

function findKey(at: InProject, id: number): DeployKey | undefined {
  return ofProject(at, at.store.tables.deployKeys).find((one) => one.id === id)
}

function keyView(row: DeployKey): Record<string, unknown> {
  const bytes = Buffer.from(keyBody(row.key), 'base64')
  const hash = createHash('sha256').update(bytes).digest('base64').replace(/=$/, '')
  return {
    id: row.id,
    title: row.title,
    created_at: iso(row.createdAt),
    expires_at: row.expiresAt === null ? null : iso(row.expiresAt),
    last_used_at: null,
    key: row.key,
    usage_type: 'auth_and_signing',
    fingerprint_sha256: `SHA256:${hash}`,
    can_push: row.canPush,
  }
}
