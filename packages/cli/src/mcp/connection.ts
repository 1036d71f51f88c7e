/** A connection in a running service, as the command line and the environment name it. */
import { Keywell } from '@keywell/sdk'
import type { Variables } from './env-file.ts'
import type { ServiceConnection } from './service-tools.ts'

export interface ConnectionOptions {
  readonly provider: string
  readonly user: string | undefined
  readonly tenant: string | undefined
  readonly connection: string | undefined
}

/**
 * Undefined: none is named, so that the credential is in the settings.
 *
 * @throws Error with what is missing; the API key is in no message
 */
export function readConnection(
  { provider, user, tenant, connection }: ConnectionOptions,
  variables: Variables,
): ServiceConnection | undefined {
  if (user === undefined) {
    if (tenant === undefined && connection === undefined) return undefined
    throw new Error('Whose connection? Give --user as well.')
  }
  const tenantId = tenant ?? variables.KEYWELL_TENANT_ID
  if (!tenantId) throw new Error('Of which tenant? Give --tenant, or set KEYWELL_TENANT_ID.')
  const { KEYWELL_URL: url, KEYWELL_API_KEY: apiKey } = variables
  if (!url) throw new Error('Where is the service? Set KEYWELL_URL.')
  return {
    // Without a key here, the SDK reads the file that KEYWELL_API_KEY_FILE names.
    keywell: new Keywell({ url, ...(apiKey && { apiKey }) }),
    url,
    owner: { tenantId, userId: user },
    provider,
    connectionName: connection,
  }
}
