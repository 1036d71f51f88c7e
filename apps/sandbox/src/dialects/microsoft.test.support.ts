// Named so that it counts as a test everywhere (build, lint) and is not run as one.
import { ConfidentialClientApplication, type INetworkModule } from '@azure/msal-node'
import { onTestFinished } from 'vitest'
import { type Decision, visit } from './core/visit.ts'
import { bodyOf, mappedFetch } from './mapped-fetch.test.support.ts'
import { createMicrosoft, type Microsoft } from './microsoft/index.ts'
import type { Registration } from './microsoft/state.ts'

export const callback = 'http://127.0.0.1:9/callback'
export const ada = 'ada@northwind.example'
export const tenant = '8b0b7b1c-1111-4b8e-8f1d-2f2b6c1f0a01'
export const code = '499b84ac-1321-427f-aa17-267ca6975798/vso.code'

export async function start(input: Partial<Registration> = {}) {
  const microsoft = await createMicrosoft()
  onTestFinished(() => microsoft.stop())
  const app = microsoft.registerApp({ name: 'Northwind', redirectUris: [callback], ...input })
  return { microsoft, app }
}

export async function authorize(
  microsoft: Microsoft,
  { clientId }: Registration,
  more: Record<string, string> = {},
  decision: Decision = 'approve',
) {
  const { tenantId = 'common', ...rest } = more
  const url = new URL(`${microsoft.urls.login}/${tenantId}/oauth2/v2.0/authorize`)
  const parameters = {
    client_id: clientId,
    response_type: 'code',
    redirect_uri: callback,
    scope: `${code} offline_access`,
    state: 'st',
    ...rest,
  }
  url.search = new URLSearchParams(parameters).toString()
  return await visit(url, decision)
}

export async function post(
  microsoft: Microsoft,
  { clientId, clientSecret }: Registration,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, ...form })
  const url = `${microsoft.urls.login}/common/oauth2/v2.0/token`
  const response = await fetch(url, { method: 'POST', body, headers })
  return { status: response.status, body: await bodyOf(response) }
}

async function exchange(
  microsoft: Microsoft,
  app: Registration,
  more: Record<string, string> = {},
) {
  const back = await authorize(microsoft, app, more)
  return await post(microsoft, app, {
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: callback,
  })
}

export const tokenFor = async (
  microsoft: Microsoft,
  app: Registration,
  scope = `${code} offline_access`,
) => (await exchange(microsoft, app, { scope })).body

export const refresh = (
  microsoft: Microsoft,
  app: Registration,
  token: unknown,
  more: Record<string, string> = {},
) => post(microsoft, app, { grant_type: 'refresh_token', refresh_token: String(token), ...more })

export const profile = (microsoft: Microsoft, authorization: string, init: RequestInit = {}) =>
  fetch(`${microsoft.urls.vssps}/_apis/profile/profiles/me?api-version=7.1`, {
    redirect: 'manual',
    ...init,
    headers: { authorization },
  })

export const basic = (password: string) => `Basic ${Buffer.from(`:${password}`).toString('base64')}`

/** What Microsoft's own client sends, to the stand-in. */
function network(microsoft: Microsoft): INetworkModule {
  const mapped = mappedFetch({ 'https://login.microsoftonline.com': microsoft.urls.login })
  const send = async (
    method: string,
    url: string,
    options?: { headers?: object; body?: string },
  ) => {
    const { headers = {}, body } = options ?? {}
    const response = await mapped(url, {
      method,
      headers: { ...headers },
      ...(body === undefined ? {} : { body }),
    })
    return {
      headers: Object.fromEntries(response.headers),
      status: response.status,
      body: JSON.parse(await response.text()),
    }
  }
  return {
    sendGetRequestAsync: (url, options) => send('GET', url, options),
    sendPostRequestAsync: (url, options) => send('POST', url, options),
  }
}

export function msal(microsoft: Microsoft, { clientId, clientSecret }: Registration) {
  const authority = `https://login.microsoftonline.com/${tenant}`
  return new ConfidentialClientApplication({
    auth: { clientId, clientSecret, authority },
    system: { networkClient: network(microsoft) },
  })
}
