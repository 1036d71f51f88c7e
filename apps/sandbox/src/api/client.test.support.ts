import { readFileSync } from 'node:fs'
import { type Answer, read, type Stage } from '../stage.test.support.ts'

/** One user with one token at the API. */
export interface Client {
  get(path: string): Promise<Answer>
  /** JSON unless it is a list, which is `rows` of. */
  list(path: string): Promise<Record<string, unknown>[]>
  post(path: string, body?: unknown): Promise<Answer>
  put(path: string, body?: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
}

export async function clientOf(
  stage: Stage,
  { username = 'ada', scopes = ['api'] }: { username?: string; scopes?: string[] } = {},
): Promise<Client> {
  const { accessToken } = await stage.issue(scopes, username)
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const headers: Record<string, string> = { authorization: `Bearer ${accessToken}` }
    if (body !== undefined) headers['content-type'] = 'application/json'
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const init = { method, headers, redirect: 'manual' as const, ...content }
    return await read(await fetch(`${stage.url}/api/v4${path}`, init))
  }
  return {
    get: (path) => send('GET', path),
    list: async (path) => {
      const { status, text } = await send('GET', path)
      if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`)
      return JSON.parse(text)
    },
    post: (path, body) => send('POST', path, body),
    put: (path, body) => send('PUT', path, body),
    delete: (path) => send('DELETE', path),
  }
}

/** `integer`, `[string]`, `#Definition` and the like, by field. */
type Shape = string | [Shape]

/**
 * What GitLab's own OpenAPI document says of answers: which definition an operation answers with, and which fields it
 * has. Made from the document; names and types only. It calls a field `string` when it does not know.
 */
const document = JSON.parse(
  readFileSync(new URL('../../../../test/fixtures/gitlab-answers.json', import.meta.url), 'utf8'),
) as { answers: Record<string, Shape>; definitions: Record<string, Record<string, Shape>> }

/** Where an answer departs from the document: fields that it does not have, and values of another type. */
export function departures(operation: string, body: unknown): string[] {
  const shape = document.answers[operation]
  if (shape === undefined) throw new Error(`the document says nothing of ${operation}`)
  // The document calls many lists one object.
  const bodies = Array.isArray(body) ? body : [body]
  if (bodies.length === 0)
    throw new Error(`${operation} answered an empty list, which shows nothing`)
  return [...new Set(bodies.flatMap((each) => compare(shape, each, '')))]
}

function compare(shape: Shape, value: unknown, at: string): string[] {
  if (value === null) return []
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${at} is no list`]
    return value.flatMap((each) => compare(shape[0], each, at))
  }
  if (shape.startsWith('#')) return compareFields(shape.slice(1), value, at)
  const types: Record<string, string> = { integer: 'number', number: 'number', boolean: 'boolean' }
  const expected = types[shape]
  return expected === undefined || typeof value === expected ? [] : [`${at} is no ${shape}`]
}

function compareFields(name: string, value: unknown, at: string): string[] {
  const fields = document.definitions[name] ?? {}
  if (Object.keys(fields).length === 0) return []
  if (Array.isArray(value)) return value.flatMap((each) => compareFields(name, each, at))
  if (typeof value !== 'object' || value === null) return [`${at} is no ${name}`]
  return Object.entries(value).flatMap(([field, each]) => {
    const shape = fields[field]
    const where = at === '' ? field : `${at}.${field}`
    return shape === undefined ? [`${where} is unknown`] : compare(shape, each, where)
  })
}
