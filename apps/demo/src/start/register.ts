import { existsSync, readFileSync } from 'node:fs'
import { type Integration, Keywell } from '@keywell/sdk'
import { z } from 'zod'
import type { Plan, ProviderName, StandIn } from './plan.ts'
import { StartError } from './start-error.ts'

const timeoutMs = 10_000

/** An app of Acme's at a stand-in. */
export interface App {
  provider: string
  /** The one origin of the stand-in, or the address of its GitLab. */
  url: string
  /** Where it is registered. */
  registerUrl: string
  /** What Acme may ask for at most: more than it asks for now, so that its scopes can grow. */
  scopes: string[]
}

function atGitLab({ url, controlUrl }: StandIn): App {
  return {
    provider: 'gitlab',
    url,
    registerUrl: `${controlUrl}/applications`,
    scopes: ['read_api', 'read_user', 'write_repository', 'api'],
  }
}

/** Those at other providers. Algolia has none: its users paste a key. */
export function appsAt(at: Pick<Plan, 'standIns' | 'standInsControlUrl'>): App[] {
  const app = (provider: ProviderName, scopes: string[]): App => ({
    provider,
    url: at.standIns[provider],
    registerUrl: `${at.standInsControlUrl}/${provider}/applications`,
    scopes,
  })
  return [
    app('github', ['read:user', 'repo']),
    app('bitbucket', ['account', 'repository']),
    app('azure-devops', ['vso.profile', 'vso.project', 'vso.code']),
    app('buildkite', ['read_user', 'read_organizations']),
  ]
}

/** Registers Acme at the stand-ins. Returns whether anything was missing. */
export async function registerStandIns(plan: Plan): Promise<boolean> {
  const keywell = new Keywell({ url: plan.keywellUrl, apiKey: readApiKey(plan) })
  try {
    const apps = [atGitLab(plan.sandbox), atGitLab(plan.selfManaged), ...appsAt(plan)]
    return await registerApps(keywell, apps)
  } finally {
    keywell.close()
  }
}

/**
 * Registers apps as an operator does at the real providers: an integration, an OAuth application with its
 * redirect URI, and the application's id and secret in the integration. It does only what is missing, so that
 * it may run at every start. Returns whether anything was missing.
 */
export async function registerApps(keywell: Keywell, apps: readonly App[]): Promise<boolean> {
  const { integrations } = await keywell.integrations.list()
  const made = await Promise.all(apps.map((app) => register(keywell, integrations, app)))
  return made.includes(true)
}

async function register(
  keywell: Keywell,
  integrations: readonly Integration[],
  app: App,
): Promise<boolean> {
  const { provider, url, scopes } = app
  const existing = integrations.find((one) => one.provider === provider && isBelow(one.host, url))
  if (existing && (await isRegistered(app, existing))) return false

  // Where the definition names one host alone, none is said.
  const place = provider === 'gitlab' ? { host: url } : {}
  const integration =
    existing ?? (await keywell.integrations.create({ provider, scopes, ...place }))
  const { clientId, clientSecret } = await registerApplication(app, integration)
  await keywell.integrations.setClient({ integrationId: integration.id, clientId, clientSecret })
  return true
}

function isBelow(host: string, url: string): boolean {
  return host === url || host.startsWith(`${url}/`)
}

function readApiKey({ apiKeyFile, data }: Plan): string {
  if (existsSync(apiKeyFile)) return readFileSync(apiKeyFile, 'utf8').trim()
  throw new StartError(
    `${apiKeyFile} is missing, and Keywell shows a key only once. To start over: rm -r ${data}`,
  )
}

/** Both sides may have changed: other ports, or one of the two data files deleted. */
async function isRegistered(app: App, { clientId, redirectUri }: Integration): Promise<boolean> {
  const applications = await callControl(app, 'GET', z.array(applicationSchema))
  return applications.some(
    (application) =>
      application.clientId === clientId && application.redirectUris.includes(redirectUri),
  )
}

function registerApplication(app: App, { clientId, redirectUri, scopes }: Integration) {
  return callControl(app, 'POST', applicationSchema, {
    name: 'Acme',
    redirectUris: [redirectUri],
    scopes,
    // The same application with another address keeps its tokens.
    ...(clientId !== null && { clientId }),
  })
}

const applicationSchema = z.object({
  clientId: z.string(),
  clientSecret: z.string(),
  redirectUris: z.array(z.string()),
})

async function callControl<Answer>(
  { url, registerUrl }: App,
  method: 'GET' | 'POST',
  schema: z.ZodType<Answer>,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(registerUrl, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.ok) return schema.parse(JSON.parse(text))
  throw new StartError(
    `The stand-in at ${url} refused its registration (${response.status}): ${text}`,
  )
}
