// https://datatracker.ietf.org/doc/html/rfc6749#section-4.4
// https://datatracker.ietf.org/doc/html/rfc7523#section-3
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Context } from 'hono'
import { decodeJwt, jwtVerify } from 'jose'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm } from '../../oauth/form.ts'
import { type Client, hasSecret } from '../core/client.ts'
import { randomText } from '../core/random.ts'
import { authenticate, refuse } from './client.ts'
import { scopes as known, type State } from './state.ts'

/** A program that acts for itself: it has a secret and a private key, and no person consents. */
export interface Service extends Client {
  /** Whose account it acts with. */
  username: string
  /** PEM of PKCS #8. */
  privateKey: string
  keyId: string
}

/** A service as the server knows it. */
export interface KnownService extends Service {
  publicKey: KeyObject
  /** Not now: everything that it asks for is refused. */
  suspended: boolean
  /** Its secret and its key are taken back. */
  ended: boolean
  /** Assertions that were used: "MAY ensure that JWTs are not replayed". */
  used: Set<string>
}

export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export function createService(username: string): KnownService {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  return {
    clientId: `svc-${randomText(12)}`,
    // With the characters that servers and clients encode in different ways.
    clientSecret: `${randomText(12)}-~.%+:${randomText(12)}`,
    name: `Service of ${username}`,
    redirectUris: [],
    username,
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    keyId: randomText(8),
    publicKey,
    suspended: false,
    ended: false,
    used: new Set(),
  }
}

/** `grant_type=client_credentials`. */
export function clientCredentials(c: Context<Env>, state: State, form: Parameters): Response {
  const client = authenticate(c, state, form)
  const service = client && state.services.get(client.clientId)
  if (client === undefined) return refuse(c, 'invalid_client')
  // "The client credentials grant type MUST only be used by confidential clients": here, by those that are services.
  if (service === undefined) return refuse(c, 'unauthorized_client')
  if (service.ended) return refuse(c, 'invalid_client')
  return give(c, state, service, form.scope)
}

/** `POST /token` with an assertion, which says who asks: no client shows itself. */
export async function assertion(
  c: Context<Env>,
  state: State,
  form: Parameters,
): Promise<Response> {
  const service = state.services.get(issuerOf(form.assertion ?? ''))
  if (service === undefined || service.ended) return refuse(c, 'invalid_grant')
  try {
    const { payload, protectedHeader } = await jwtVerify(form.assertion ?? '', service.publicKey, {
      algorithms: ['RS256'],
      issuer: service.clientId,
      audience: `${state.wire.url('issuer')}/token`,
      requiredClaims: ['exp', 'iat', 'sub', 'jti'],
      maxTokenAge: '1h',
      currentDate: new Date(state.clock.now()),
    })
    const { sub, jti = '', scope } = payload
    if (sub !== service.username || protectedHeader.kid !== service.keyId || service.used.has(jti))
      return refuse(c, 'invalid_grant')
    service.used.add(jti)
    return give(c, state, service, typeof scope === 'string' ? scope : undefined)
  } catch {
    return refuse(c, 'invalid_grant')
  }
}

function issuerOf(jwt: string): string {
  try {
    return decodeJwt(jwt).iss ?? ''
  } catch {
    return ''
  }
}

/** `POST /exchange`: of no standard. A name and a secret in JSON bring a token for a while. */
export async function exchangeEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const { identifier = '', secret } = await readForm(c)
  const service = state.services.get(identifier)
  if (service === undefined || service.ended || !hasSecret(service, secret)) {
    return c.json({ detail: 'incorrect authentication credentials' }, 401)
  }
  return give(c, state, service, undefined)
}

function give(
  c: Context<Env>,
  { grants, options }: State,
  service: KnownService,
  scope: string | undefined,
): Response {
  if (service.suspended) return c.json({ message: 'This account is suspended' }, 403)
  const scopes = scope?.split(' ') ?? ['read']
  if (!scopes.every((each) => known.includes(each))) return refuse(c, 'invalid_scope')
  const { clientId, username } = service
  const grant = grants.create({ clientId, username, scopes })
  // "A refresh token SHOULD NOT be included."
  const { accessToken } = grants.issue(grant, { accessSeconds: options.accessSeconds })
  c.header('Cache-Control', 'no-store')
  return c.json({
    access_token: accessToken,
    token_type: 'Bearer',
    ...(options.accessSeconds === null ? {} : { expires_in: options.accessSeconds }),
    scope: scopes.join(options.scopeSeparator),
  })
}
