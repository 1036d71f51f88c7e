// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#device-flow
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { readForm, readQuery } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { codePage, consentPage, messagePage, problemPage } from '../core/pages.ts'
import { answer, refuse } from './answer.ts'
import { readScopes } from './scopes.ts'
import type { State } from './state.ts'

const provider = 'GitHub'

/** `POST /login/device/code`. */
export async function deviceCodeEndpoint(c: Context<Env>, state: State): Promise<Response> {
  const form = { ...readQuery(c), ...(await readForm(c)) }
  const app = state.apps.get(form.client_id ?? '')
  if (app === undefined) return refuse(c, 'incorrect_client_credentials')
  if (!app.deviceFlow) return refuse(c, 'device_flow_disabled')
  const scopes = app.kind === 'github_app' ? [] : readScopes(form.scope)
  const device = state.devices.start({ clientId: app.clientId, scopes })
  return answer(c, {
    device_code: device.deviceCode,
    user_code: device.userCode,
    verification_uri: `${state.wire.url('web')}/login/device`,
    expires_in: 900,
    interval: device.intervalSeconds,
  })
}

export function devicePage(c: Context<Env>): Response | Promise<Response> {
  return codePage(c, { provider, action: '/login/device', code: undefined })
}

/** The code has been typed, and then the decision has been made. */
export async function decideDevice(c: Context<Env>, state: State): Promise<Response> {
  const form = await readForm(c)
  const device = state.devices.waiting(form.user_code ?? '')
  const app = state.apps.get(device?.clientId ?? '')
  if (device === undefined || app === undefined) {
    return await problemPage(c, {
      provider,
      title: 'Device activation',
      text: 'The code is not valid.',
    })
  }
  if (form.confirmed === undefined) {
    return await consentPage(c, {
      provider,
      title: `Authorize ${app.name}`,
      account: signedInAs(c, state),
      permissions: app.kind === 'github_app' ? ['Act on your behalf'] : device.scopes,
      action: '/login/device',
      fields: { user_code: device.userCode, confirmed: 'yes' },
      approve: `Authorize ${app.name}`,
    })
  }
  device.decision = form.decision === 'approve' ? { username: signedInAs(c, state) } : null
  return await messagePage(c, {
    provider,
    title: 'Device activation',
    text: 'You can close this window.',
  })
}
