import { existsSync, readFileSync } from 'node:fs'
import { type Integration, Keywell } from '@keywell/sdk'
import { z } from 'zod'
import type { Plan, StandIn } from './plan.ts'
import { StartError } from './start-error.ts'

const timeoutMs = 10_000
/** What Acme may ask for at most: more than it asks for now, so that its scopes can grow. */
const scopes = ['read_api', 'read_user', 'write_repository', 'api']

/**
 * Registers the stand-ins with Keywell, as an operator does with a real GitLab: an integration, an OAuth
 * application with its redirect URI, and the application's id and secret in the integration. It does only
 * what is missing, so that it may run at every start. Returns whether anything was missing.
 */
export async function registerStandIns(plan: Plan): Promise<boolean> {
  const keywell = new Keywell({ url: plan.keywellUrl, apiKey: readApiKey(plan) })
  try {
    const { integrations } = await keywell.integrations.list()
    const made = await Promise.all(
      [plan.sandbox, plan.selfManaged].map((standIn) => register(keywell, integrations, standIn)),
    )
    return made.includes(true)
  } finally {
    keywell.close()
  }
}

async function register(
  keywell: Keywell,
  integrations: readonly Integration[],
  standIn: StandIn,
): Promise<boolean> {
  const existing = integrations.find(
    ({ provider, host }) => provider === 'gitlab' && host === standIn.url,
  )
  if (existing && (await isRegistered(standIn, existing))) return false

  const integration =
    existing ??
    (await keywell.integrations.create({ provider: 'gitlab', host: standIn.url, scopes }))
  const { clientId, clientSecret } = await registerApplication(standIn, integration)
  await keywell.integrations.setClient({ integrationId: integration.id, clientId, clientSecret })
  return true
}

function readApiKey({ apiKeyFile, data }: Plan): string {
  if (existsSync(apiKeyFile)) return readFileSync(apiKeyFile, 'utf8').trim()
  throw new StartError(
    `${apiKeyFile} is missing, and Keywell shows a key only once. To start over: rm -r ${data}`,
  )
}

/** Both sides may have changed: other ports, or one of the two data files deleted. */
async function isRegistered(
  standIn: StandIn,
  { clientId, redirectUri }: Integration,
): Promise<boolean> {
  const applications = await callControl(standIn, 'GET', z.array(applicationSchema))
  return applications.some(
    (application) =>
      application.clientId === clientId && application.redirectUris.includes(redirectUri),
  )
}

function registerApplication(standIn: StandIn, { clientId, redirectUri, scopes }: Integration) {
  return callControl(standIn, 'POST', applicationSchema, {
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
  { url, controlUrl }: StandIn,
  method: 'GET' | 'POST',
  schema: z.ZodType<Answer>,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${controlUrl}/applications`, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.ok) return schema.parse(JSON.parse(text))
  throw new StartError(
    `The GitLab stand-in at ${url} refused its registration (${response.status}): ${text}`,
  )
}
