import type { Context } from 'hono'
import type { Instance } from '../instance.ts'
import type { Token } from '../store/state.ts'
import { authenticateClient } from './client.ts'
import { refuse } from './errors.ts'
import { type Parameters, readForm } from './form.ts'
import { isExpired, revokeGrant, revokeToken } from './tokens.ts'

/** `POST /oauth/revoke` (RFC 7009), with Doorkeeper's traps. */
export async function revokeEndpoint(c: Context, instance: Instance): Promise<Response> {
  const form = await readForm(c)
  const found = findToken(instance, form)
  if (found === undefined) return c.json({})

  const { token, asRefreshToken } = found
  const caller = authenticateClient(instance, c.req.header('authorization'), form)
  if (caller?.clientId !== token.clientId) return refuse(c, 'unauthorized_client')

  // Revoking an access token that has expired does nothing, and its refresh token lives on.
  if (asRefreshToken || !isExpired(instance, token)) {
    // Where the refresh token stays the same, it stands for the whole grant.
    if (instance.settings.rotation.mode === 'none') revokeGrant(instance, token.grantId)
    else revokeToken(instance, token)
  }
  return c.json({})
}

interface Found {
  token: Token
  asRefreshToken: boolean
}

/** A hint narrows the search to one kind, so that a wrong one hides the token. */
function findToken(
  { store }: Instance,
  { token: value = '', token_type_hint: hint }: Parameters,
): Found | undefined {
  const access = hint === 'refresh_token' ? undefined : store.byAccessToken(value)
  if (access !== undefined) return { token: access, asRefreshToken: false }
  const refresh = hint === 'access_token' ? undefined : store.byRefreshToken(value)
  return refresh === undefined ? undefined : { token: refresh, asRefreshToken: true }
}
