// Named so that it counts as a test everywhere (build, lint) and is not run as one.

import type { SandboxOptions } from '../sandbox.ts'
import { type Stage, startStage } from '../stage.test.support.ts'

export interface ApiAnswer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer.
  body: any
}

/** Calls an operation below `/api/v4` with one token. */
export type Caller = (method: string, path: string, body?: unknown) => Promise<ApiAnswer>

export interface ApiStage extends Stage {
  /** A caller with a new token. */
  as(username: string, ...scopes: string[]): Promise<Caller>
}

export async function startApi(options: SandboxOptions = {}): Promise<ApiStage> {
  const stage = await startStage(options)
  return {
    ...stage,
    as: async (username, ...scopes) => {
      const granted = scopes.length === 0 ? ['api'] : scopes
      const { accessToken } = await stage.issue(granted, username)
      return (method, path, body) => call(`${stage.url}/api/v4${path}`, accessToken, method, body)
    },
  }
}

async function call(url: string, token: string, method: string, body: unknown): Promise<ApiAnswer> {
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : text,
  }
}
