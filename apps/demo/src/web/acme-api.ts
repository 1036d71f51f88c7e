import type { Failure, FailureCode, Integration, ItemList, Me, ProjectList } from '../api.ts'

/** A call to Acme's backend that failed; `message` is for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: FailureCode

  constructor({ code, message }: Failure) {
    super(message)
    this.code = code
  }
}

/** Who is signed in; null when signed out. */
export function fetchMe(): Promise<Me | null> {
  return call<Me | null>('/api/me')
}

export function signIn(personId: string): Promise<Me> {
  return call<Me>('/api/sign-in', { method: 'POST', body: JSON.stringify({ personId }) })
}

export async function signOut(): Promise<void> {
  await call('/api/sign-out', { method: 'POST' })
}

export function fetchProjects(signal: AbortSignal): Promise<ProjectList> {
  return call<ProjectList>('/api/projects', { signal })
}

/** What can be connected besides GitLab. */
export function fetchIntegrations(signal: AbortSignal): Promise<readonly Integration[]> {
  return call<readonly Integration[]>('/api/integrations', { signal })
}

/** Names of what the user has at a provider. */
export function fetchItems(provider: string, signal: AbortSignal): Promise<ItemList> {
  return call<ItemList>(`/api/integrations/${encodeURIComponent(provider)}/items`, { signal })
}

/** Answers are taken at their word: page and backend are one deployment, typed by the same file. */
export async function call<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await openCall(path, init)
  return response.json().catch(() => undefined)
}

/** An answer that is to be read while it comes. */
export async function openCall(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = init.body ? { 'content-type': 'application/json' } : {}
  const response = await fetch(path, { ...init, headers }).catch((cause: unknown) => {
    if (init.signal?.aborted) throw cause
    throw new ApiError({ code: 'unavailable', message: 'Acme cannot be reached at the moment.' })
  })
  if (response.ok) return response
  const body = await response.json().catch(() => undefined)
  // The session has ended elsewhere, or with the server: begin again at the sign-in screen.
  if (body?.code === 'signed_out') window.location.reload()
  throw new ApiError(body ?? { code: 'internal', message: `Acme answered ${response.status}.` })
}
