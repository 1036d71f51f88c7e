import * as oauth from 'oauth4webapi'
import { expect, test } from 'vitest'
import { callback, startStage } from '../stage.test.support.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

test.each(['', '/gitlab'])(
  'a strict client walks the whole flow below the root "%s"',
  async (root) => {
    const stage = await startStage({ relativeRoot: root, clock: Date.now })
    const issuer = new URL(stage.url)
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, insecure),
    )
    expect(server.issuer).toBe(stage.url)
    const client = { client_id: stage.application.clientId }
    const authenticate = oauth.ClientSecretPost(stage.application.clientSecret)

    const verifier = oauth.generateRandomCodeVerifier()
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const back = await stage.visitor().authorize(
      stage.authorizeUrl({
        scope: 'read_user openid profile',
        state,
        nonce,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      }),
    )

    const parameters = oauth.validateAuthResponse(server, client, back, state)
    const tokens = await oauth.processAuthorizationCodeResponse(
      server,
      client,
      await oauth.authorizationCodeGrantRequest(
        server,
        client,
        authenticate,
        parameters,
        callback,
        verifier,
        insecure,
      ),
      { expectedNonce: nonce, requireIdToken: true },
    )
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 7200 })
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({ sub: '101', nickname: 'ada' })

    const info = await oauth.processUserInfoResponse(
      server,
      client,
      '101',
      await oauth.userInfoRequest(server, client, tokens.access_token, insecure),
    )
    expect(info.name).toBe('Ada Okafor')
    expect((await stage.get('/api/v4/user', tokens.access_token)).body.username).toBe('ada')

    const refreshed = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        server,
        client,
        authenticate,
        tokens.refresh_token ?? '',
        insecure,
      ),
    )
    expect(refreshed.access_token).not.toBe(tokens.access_token)

    await oauth.processRevocationResponse(
      await oauth.revocationRequest(
        server,
        client,
        authenticate,
        refreshed.refresh_token ?? '',
        insecure,
      ),
    )
    expect((await stage.get('/api/v4/user', refreshed.access_token)).status).toBe(401)
  },
)

test('the id token is signed with the published key', async () => {
  const stage = await startStage({ clock: Date.now })
  const issuer = new URL(stage.url)
  const discovery = await oauth.discoveryRequest(issuer, insecure)
  const server = await oauth.processDiscoveryResponse(issuer, discovery)
  const client = { client_id: stage.application.clientId }
  const back = await stage.visitor().authorize(stage.authorizeUrl({ scope: 'openid' }))
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(stage.application.clientSecret),
    oauth.validateAuthResponse(server, client, back, 'st'),
    callback,
    oauth.nopkce,
    insecure,
  )
  await oauth.processAuthorizationCodeResponse(server, client, response)
  await oauth.validateApplicationLevelSignature(server, response, insecure)
})

test('a client that form-encodes its secret for Basic is refused, as at GitLab', async () => {
  const stage = await startStage()
  const { clientId, clientSecret } = stage.application
  const token = await stage.issue()
  const form = { grant_type: 'refresh_token', refresh_token: token.refreshToken ?? '' }
  const basic = (secret: string) => ({
    authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
  })
  const encoded = await stage.post('/oauth/token', form, basic(clientSecret.replace('-', '%2D')))
  expect([encoded.status, encoded.body.error]).toEqual([401, 'invalid_client'])
  expect((await stage.post('/oauth/token', form, basic(clientSecret))).status).toBe(200)
})
