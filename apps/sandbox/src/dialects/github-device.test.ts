import { createDeviceCode, exchangeDeviceCode } from '@octokit/oauth-methods'
import { expect, test } from 'vitest'
import {
  callback,
  gitHubApp,
  oauthApp,
  pollDevice,
  post,
  start,
  startDevice,
  tokenFor,
} from './github.test.support.ts'
import { bodyOf } from './mapped-fetch.test.support.ts'

test("GitHub's own client walks the device flow", async () => {
  const { github, request } = await start()
  const { clientId, clientSecret } = gitHubApp(github)
  const client = { clientType: 'github-app', clientId, clientSecret, request } as const
  const { data } = await createDeviceCode(client)
  expect(data).toMatchObject({ expires_in: 900, interval: 5 })
  const poll = () => exchangeDeviceCode({ ...client, code: data.device_code })
  await expect(poll()).rejects.toThrow('authorization_pending')
  await github.answerDevice(data.user_code)
  github.advance(5)
  const { authentication } = await poll()
  expect(authentication.token).toMatch(/^ghu_/)
})

test('only a token that came from a device is refreshed without the secret', async () => {
  const { github } = await start()
  const app = gitHubApp(github)
  const { clientId: client_id } = app
  const web = await tokenFor(github, app)
  const refresh = async (refresh_token: unknown) =>
    bodyOf(
      await post(github, {
        client_id,
        grant_type: 'refresh_token',
        refresh_token: String(refresh_token),
      }),
    )
  expect(await refresh(web.refresh_token)).toHaveProperty('error', 'incorrect_client_credentials')
  const { device_code, user_code } = await startDevice(github, client_id)
  await github.answerDevice(String(user_code))
  const device = await pollDevice(github, client_id, device_code)
  expect(await refresh(device.refresh_token)).toHaveProperty('access_token')
})

test('the device flow has to be switched on', async () => {
  const { github } = await start()
  const { clientId } = github.registerOAuthApp({ name: 'Northwind', redirectUris: [callback] })
  expect(await startDevice(github, clientId)).toHaveProperty('error', 'device_flow_disabled')
})

test('a poll that comes early adds five seconds to the interval', async () => {
  const { github } = await start()
  const { clientId } = oauthApp(github)
  const { device_code } = await startDevice(github, clientId)
  const poll = () => pollDevice(github, clientId, device_code)
  expect(await poll()).toHaveProperty('error', 'authorization_pending')
  github.advance(4)
  expect(await poll()).toMatchObject({ error: 'slow_down', interval: 10 })
  github.advance(9)
  expect(await poll()).toMatchObject({ error: 'slow_down', interval: 15 })
  github.advance(15)
  expect(await poll()).toHaveProperty('error', 'authorization_pending')
})

test('a device code ends by denial, by time and by use', async () => {
  const { github } = await start()
  const { clientId } = oauthApp(github)
  const denied = await startDevice(github, clientId)
  await github.answerDevice(String(denied.user_code), 'deny')
  const answer = await pollDevice(github, clientId, denied.device_code)
  expect(answer).toHaveProperty('error', 'access_denied')

  const used = await startDevice(github, clientId)
  await github.answerDevice(String(used.user_code))
  expect(await pollDevice(github, clientId, used.device_code)).toMatchObject({ scope: 'repo' })
  const again = await pollDevice(github, clientId, used.device_code)
  expect(again).toHaveProperty('error', 'incorrect_device_code')

  const late = await startDevice(github, clientId)
  github.advance(900)
  const expired = await pollDevice(github, clientId, late.device_code)
  expect(expired).toHaveProperty('error', 'expired_token')
  await expect(github.answerDevice(String(late.user_code))).rejects.toThrow('not valid')
})
