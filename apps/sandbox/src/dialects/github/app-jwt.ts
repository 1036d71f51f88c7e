// https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
import { createPublicKey } from 'node:crypto'
import type { Context } from 'hono'
import { compactVerify, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import type { Env } from '../../instance.ts'
import { restError } from './rest-error.ts'
import type { GitHubApp, State } from './state.ts'

/** "No more than 10 minutes into the future." */
const maxAheadSeconds = 600

/** The app that signed the request's token, or why none did. */
export async function signedBy(c: Context<Env>, state: State): Promise<GitHubApp | Response> {
  const refuse = (message: string): Response => restError(c, 401, message)
  const [scheme = '', token = ''] = (c.req.header('authorization') ?? '').split(' ')
  const decoded = scheme.toLowerCase() === 'bearer' ? decode(token) : undefined
  if (decoded === undefined) return refuse('A JSON web token could not be decoded')
  // The id of the app, as a number or a text, or its client id.
  const issuer = String(decoded.iss)
  const app = state.gitHubApp(({ appId, clientId }) => [`${appId}`, clientId].includes(issuer))
  if (app === undefined) return refuse('Integration not found')
  const verified = await compactVerify(token, createPublicKey(app.privateKey)).catch(
    () => undefined,
  )
  if (verified === undefined) return refuse('A JSON web token could not be decoded')
  const problem = times(decoded, state.clock.now() / 1_000)
  return problem === undefined ? app : refuse(problem)
}

function decode(token: string): JWTPayload | undefined {
  try {
    return decodeProtectedHeader(token).alg === 'RS256' ? decodeJwt(token) : undefined
  } catch {
    return undefined
  }
}

// https://github.com/octokit/auth-app.js/issues/698, https://github.com/sigmavirus24/github3.py/issues/1050
function times({ iat, exp }: JWTPayload, now: number): string | undefined {
  if (iat === undefined || iat > now) {
    return "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued"
  }
  if (exp === undefined || exp <= now) {
    return "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires"
  }
  if (exp > now + maxAheadSeconds) {
    return "'Expiration time' claim ('exp') is too far in the future"
  }
  return undefined
}
