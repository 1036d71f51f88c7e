// https://buildkite.com/docs/apis/oauth-device-authorization
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { type Parameters, readForm } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { hasSecret } from '../core/client.ts'
import type { Grant } from '../core/grants.ts'
import { codePage, consentPage, messagePage, problemPage } from '../core/pages.ts'
import { type Application, scopes as known, type State } from './state.ts'

const provider = 'Buildkite'
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

/** `POST /oauth/device_authorization`. */
export async function deviceAuthorization(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const application = clientOf(state, form)
  if (application === undefined) return refuse(c, 'invalid_client', 401)
  const scopes = (form.scope ?? '').split(' ').filter((scope) => scope !== '')
  // "An empty or missing scope parameter is rejected."
  if (scopes.length === 0 || !scopes.every((scope) => known.includes(scope))) {
    return refuse(c, 'invalid_scope')
  }
  const device = state.devices.start({ clientId: application.clientId, scopes })
  if (form.organization !== undefined) state.picked.set(device.deviceCode, form.organization)
  const page = `${state.wire.url('web')}/oauth/device`
  return c.json({
    device_code: device.deviceCode,
    user_code: device.userCode,
    verification_uri: page,
    verification_uri_complete: `${page}/${device.userCode}`,
    expires_in: 600,
    interval: device.intervalSeconds,
  })
}

export function devicePage(c: Context<Env>): Response | Promise<Response> {
  return codePage(c, { provider, action: '/oauth/device', code: c.req.param('code') })
}

/** The code has been typed, and then the decision has been made, with the organisation it is for. */
export async function decideDevice(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const device = state.devices.waiting(form.user_code ?? '')
  const user = state.user(signedInAs(c, state))
  if (device === undefined || user === undefined) {
    return await problemPage(c, { provider, title: 'Device', text: 'That code is not valid.' })
  }
  if (form.confirmed === undefined) {
    const hint = state.picked.get(device.deviceCode)
    const options = [...user.organizations].sort((one) => (one === hint ? -1 : 0))
    return await consentPage(c, {
      provider,
      title: `Authorize ${state.applications.get(device.clientId)?.name ?? ''}`,
      account: user.email,
      permissions: device.scopes,
      action: '/oauth/device',
      fields: { user_code: device.userCode, confirmed: 'yes' },
      choice: { label: 'Organization', name: 'organization', options },
    })
  }
  const organization = form.organization ?? user.organizations[0] ?? ''
  state.picked.set(device.deviceCode, organization)
  const approves = form.decision === 'approve' && user.organizations.includes(organization)
  device.decision = approves ? { username: user.email } : null
  return await messagePage(c, { provider, title: 'Device', text: 'You can close this window.' })
}

/** `POST /oauth/token`. */
export async function tokenEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const application = clientOf(state, form, form.grant_type === deviceGrant)
  if (application === undefined) return refuse(c, 'invalid_client', 401)
  if (form.grant_type === deviceGrant) return poll(c, state, application, form)
  if (form.grant_type === 'refresh_token') return refresh(c, state, application, form)
  return refuse(c, 'unsupported_grant_type')
}

function poll(c: Context, state: State, application: Application, form: Parameters): Response {
  const result = state.devices.poll(form.device_code ?? '', application.clientId)
  switch (result.state) {
    case 'approved': {
      const { clientId, scopes, deviceCode } = result.device
      const { username } = result
      const grant = state.grants.create({ clientId, username, scopes, device: true })
      state.picked.set(grant.id, state.picked.get(deviceCode) ?? '')
      return give(c, state, application, grant)
    }
    case 'pending':
      return refuse(c, 'authorization_pending')
    case 'slow_down':
      return refuse(c, 'slow_down')
    case 'denied':
      return refuse(c, 'access_denied')
    case 'expired':
      return refuse(c, 'expired_token')
    // "The device code is invalid or has already been used."
    case 'unknown':
    case 'used':
      return refuse(c, 'invalid_grant')
    default:
      return result satisfies never
  }
}

// The page names the refresh token and not its request: https://datatracker.ietf.org/doc/html/rfc6749#section-6
function refresh(c: Context, state: State, application: Application, form: Parameters): Response {
  const { clientId } = application
  const pair = state.grants.use(form.refresh_token ?? '', clientId, state.rotation)
  if (typeof pair === 'string') return refuse(c, 'invalid_grant')
  return give(c, state, application, pair.grant)
}

function give(c: Context, state: State, application: Application, grant: Grant): Response {
  const { expiresInSeconds: accessSeconds, refreshTokens } = application
  const pair = state.grants.issue(grant, {
    accessSeconds,
    refreshSeconds: refreshTokens ? null : undefined,
  })
  c.header('Cache-Control', 'no-store')
  return c.json({
    access_token: pair.accessToken,
    token_type: 'Bearer',
    // "Omitted when the application has no expiry configured."
    ...(accessSeconds === null ? {} : { expires_in: accessSeconds }),
    // "Present only when the application has refresh tokens enabled."
    ...(pair.refreshToken === null ? {} : { refresh_token: pair.refreshToken }),
    scope: pair.scopes.join(' '),
  })
}

/** A poll needs no secret: the page lists none for it, whatever the client. */
function clientOf(state: State, form: Parameters, isPoll = false): Application | undefined {
  const application = state.applications.get(form.client_id ?? '')
  if (application?.enabled !== true) return undefined
  const mayOmit = !application.confidential || isPoll
  if (form.client_secret === undefined && mayOmit) return application
  return hasSecret(application, form.client_secret) ? application : undefined
}

function refuse(c: Context, error: string, status: 400 | 401 = 400): Response {
  return c.json({ error }, status)
}
