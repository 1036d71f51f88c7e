import { existsSync, readFileSync } from 'node:fs'
import { type Integration, Keywell } from '@keywell/sdk'
import { z } from 'zod'
import type { Plan } from './plan.ts'
import { StartError } from './start-error.ts'

const timeoutMs = 10_000
/** What Acme may ask for at most: more than it asks for now, so that its scopes can grow. */
const scopes = ['read_api', 'read_user', 'read_repository', 'api']

/**
 * Registers the stand-in with Keywell, as an operator does with a real GitLab: an integration, an OAuth
 * application with its redirect URI, and the application's id and secret in the integration. It does only
 * what is missing, so that it may run at every start. Returns whether anything was missing.
 */
export async function registerSandbox(plan: Plan): Promise<boolean> {
  const keywell = new Keywell({ url: plan.keywellUrl, apiKey: readApiKey(plan) })
  try {
    const { integrations } = await keywell.integrations.list()
    const existing = integrations.find(
      ({ provider, host }) => provider === 'gitlab' && host === plan.sandboxUrl,
    )
    if (existing && (await isRegistered(plan, existing))) return false

    const integration =
      existing ??
      (await keywell.integrations.create({ provider: 'gitlab', host: plan.sandboxUrl, scopes }))
    const { clientId, clientSecret } = await registerApplication(plan, integration)
    await keywell.integrations.update({ integrationId: integration.id, clientId, clientSecret })
    return true
  } finally {
    keywell.close()
  }
}

function readApiKey({ apiKeyFile, data }: Plan): string {
  if (existsSync(apiKeyFile)) return readFileSync(apiKeyFile, 'utf8').trim()
  throw new StartError(
    `${apiKeyFile} is missing, and Keywell shows a key only once. To start over: rm -r ${data}`,
  )
}

/** Both sides may have changed: other ports, or one of the two data files deleted. */
async function isRegistered(plan: Plan, { clientId, redirectUri }: Integration): Promise<boolean> {
  const applications = await callControl(plan, 'GET', z.array(applicationSchema))
  return applications.some(
    (application) =>
      application.clientId === clientId && application.redirectUris.includes(redirectUri),
  )
}

function registerApplication(plan: Plan, { clientId, redirectUri, scopes }: Integration) {
  return callControl(plan, 'POST', applicationSchema, {
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
  { sandboxControlUrl }: Plan,
  method: 'GET' | 'POST',
  schema: z.ZodType<Answer>,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${sandboxControlUrl}/applications`, {
    method,
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(timeoutMs),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.ok) return schema.parse(JSON.parse(text))
  throw new StartError(`The GitLab stand-in refused its registration (${response.status}): ${text}`)
}
