import { randomUUID } from 'node:crypto'
import { type IntegrationValidation, KeywellError, Secret } from '@keywell/protocol'
import { addressOf } from '@keywell/providers'
import { generateRandomCodeVerifier } from 'oauth4webapi'
import type { Actor } from '../audit/actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Catalogue } from '../catalogue.ts'
import { parsePlace } from '../host.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Database } from '../store/database.ts'
import { takeValidation } from '../store/integrations.ts'
import { installation } from '../store/scope.ts'
import { exchangeCode, type Registration } from './client.ts'
import { installationFields } from './installation.ts'
import { readIntegration, redirectUriOf } from './integration-record.ts'
import type { AppUse } from './integrations.ts'
import { mintToken } from './mint.ts'
import type { TokenOutcome } from './token-answer.ts'
import type { IntegrationKey } from './update-integration.ts'

/** How often a provider is asked about one client, all replicas together, in milliseconds. */
const everyMs = 10_000

interface ValidateParts {
  catalogue: Catalogue
  database: Database
  outbound: Outbound
  audit: Audit
  publicUrl: string
  registration: (use: AppUse) => Promise<Registration>
}

/**
 * Asks the provider whether it knows the client and its secret, by a code that cannot be right: one that refuses the
 * code has accepted the client (RFC 6749 section 5.2). The private key of an app is tried in the same way. Connects
 * nothing, and changes nothing here.
 */
export async function validateClient(
  parts: ValidateParts,
  { tenantId, id, host }: IntegrationKey & { host: string | undefined },
  { actor, requestId }: Actor,
): Promise<IntegrationValidation> {
  const { database, audit } = parts
  const owner = tenantId ?? installation
  const entry = {
    tenantId: owner,
    actor,
    requestId,
    action: 'integration.validate',
    reason: id,
  } as const
  const registration = await openAt(parts, { owner, id, host })
  await database.transaction(owner, async (sql) => {
    const waitMs = await takeValidation(sql, { tenantId: owner, id, everyMs })
    if (waitMs !== undefined) throw tooSoon(id, waitMs)
    await audit.write(sql, { ...entry, result: 'intent' })
  })
  const outcome = await ask(parts, registration, { owner, id })
  const result = resultOf(outcome)
  await audit.write(database.of(owner), {
    ...entry,
    result: result === 'accepted' ? 'ok' : 'failed',
  })
  const { method, variables } = registration
  const tokenUrl = addressOf(method.token.url, variables).href
  return { result, tokenUrl, detail: outcome.kind === 'tokens' ? 'tokens' : outcome.detail }
}

/** With a code that cannot be right; where the app signs, for a token of an installation that there is not as well. */
async function ask(
  { outbound, publicUrl }: ValidateParts,
  app: Registration,
  { owner, id }: { owner: string; id: string },
): Promise<TokenOutcome> {
  const { provider, appMethod: method, variables, reach } = app
  const sending = { tenantId: owner }
  const outcome = await exchangeCode(outbound, app, {
    code: new Secret(`keywell-validation-${randomUUID()}`),
    verifier: new Secret(generateRandomCodeVerifier()),
    redirectUri: redirectUriOf(publicUrl, id),
    sending,
  })
  if (method.kind !== 'installation' || outcome.kind !== 'rejected') return outcome
  const fields = installationFields(noInstallation)
  return mintToken(outbound, { provider, method, variables, fields, reach, app }, sending)
}

/** Ids begin with 1. */
const noInstallation = '0'

async function openAt(
  { catalogue, database, registration }: ValidateParts,
  { owner, id, host }: { owner: string; id: string; host: string | undefined },
): Promise<Registration> {
  const row = await readIntegration(database, owner, id)
  const provider = catalogue.get(owner, row.provider)
  if (host === undefined && row.host.includes('{')) {
    throw new KeywellError(
      'invalid_request',
      `host: one app of ${provider.title} serves all hosts`,
      {
        nextStep: 'Name one of them as host.',
      },
    )
  }
  const at = host === undefined ? row.host : parsePlace(provider, host)
  return registration({ integrationOwner: owner, integrationId: id, host: at })
}

function resultOf({ kind }: TokenOutcome): IntegrationValidation['result'] {
  if (kind === 'rejected') return 'accepted'
  return kind === 'client_rejected' ? 'refused' : 'unknown'
}

function tooSoon(id: string, retryAfterMs: number): KeywellError {
  return new KeywellError(
    'rate_limited',
    `The provider was asked about integration ${id} less than ${everyMs / 1_000} s ago.`,
    { retryAfterMs },
  )
}
