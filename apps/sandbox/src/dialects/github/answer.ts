// https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
import type { Context } from 'hono'

/** An answer of the OAuth endpoints: a form, unless `Accept` asks for JSON or XML. */
export function answer(c: Context, fields: Readonly<Record<string, string | number>>): Response {
  c.header('Cache-Control', 'no-store')
  const accept = c.req.header('accept') ?? ''
  if (accept.includes('json')) return c.json(fields)
  const entries = Object.entries(fields).map(([name, value]): [string, string] => [
    name,
    `${value}`,
  ])
  if (accept.includes('application/xml')) {
    const lines = entries.map(([name, value]) => `  <${name}>${value}</${name}>\n`)
    return c.body(`<OAuth>\n${lines.join('')}</OAuth>`, 200, { 'Content-Type': 'application/xml' })
  }
  return c.body(new URLSearchParams(entries).toString(), 200, {
    'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
  })
}

// https://docs.github.com/en/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors
const help = '/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#'

const texts = {
  incorrect_client_credentials: 'The client_id and/or client_secret passed are incorrect.',
  redirect_uri_mismatch:
    'The redirect_uri MUST match the registered callback URL for this application.',
  bad_verification_code: 'The code passed is incorrect or expired.',
  unverified_user_email: 'The user must have a verified primary email.',
  // https://github.com/interlink-hq/interLink/pull/262 shows this answer, and its status of 200
  bad_refresh_token: 'The refresh token passed is incorrect or expired.',
  // .../authorizing-oauth-apps#error-codes-for-the-device-flow
  authorization_pending: 'The authorization request is still pending.',
  slow_down: 'Too many requests have been made in the same timeframe.',
  expired_token: 'This device_code has expired.',
  unsupported_grant_type: 'The grant_type passed is not supported.',
  incorrect_device_code: 'The device_code provided is not valid.',
  access_denied: 'The authorization request was denied.',
  device_flow_disabled: 'Device flow must be explicitly enabled for this App.',
} as const

/** An error, which GitHub sends with the status of a success. */
export function refuse(
  c: Context,
  error: keyof typeof texts,
  more: Readonly<Record<string, number>> = {},
): Response {
  const error_uri = `${help}${error.replaceAll('_', '-')}`
  return answer(c, { error, error_description: texts[error], error_uri, ...more })
}
