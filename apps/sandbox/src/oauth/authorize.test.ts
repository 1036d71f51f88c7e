import { describe, expect, test } from 'vitest'
import { callback, startStage } from '../stage.test.support.ts'

describe('consent', () => {
  test('gives a code of 64 hexadecimal characters, and the state unchanged', async () => {
    const stage = await startStage()
    const state = 'a&b=c "d" <é>'
    const back = await stage.visitor().authorize(stage.authorizeUrl({ state }))
    expect(back.href).toMatch(/^http:\/\/127\.0\.0\.1:9\/callback\?/)
    expect(back.searchParams.get('code')).toMatch(/^[0-9a-f]{64}$/)
    expect(back.searchParams.get('state')).toBe(state)
  })

  test('keeps the query that the redirect URI has', async () => {
    const redirectUri = `${callback}?tenant=7`
    const stage = await startStage({ applications: [{ name: 'A', redirectUris: [redirectUri] }] })
    const url = stage.authorizeUrl({ redirect_uri: redirectUri })
    const back = await stage.visitor().authorize(url)
    expect([...back.searchParams.keys()]).toEqual(['tenant', 'code', 'state'])
  })

  test('a custom scheme is a redirect URI like any other', async () => {
    const redirectUri = 'com.example.app:/callback'
    const stage = await startStage({ applications: [{ name: 'A', redirectUris: [redirectUri] }] })
    const back = await stage.visitor().authorize(stage.authorizeUrl({ redirect_uri: redirectUri }))
    expect(back.protocol).toBe('com.example.app:')
  })

  test('denied: the client gets access_denied, and no code is made', async () => {
    const stage = await startStage()
    const back = await stage.visitor().authorize(stage.authorizeUrl(), 'deny')
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('state')).toBe('st')
    expect(back.searchParams.has('code')).toBe(false)
  })

  test('a scope that is left out becomes api', async () => {
    const stage = await startStage()
    const url = stage.authorizeUrl()
    url.searchParams.delete('scope')
    const back = await stage.visitor().authorize(url)
    const { body } = await stage.post('/oauth/token', {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      redirect_uri: callback,
    })
    expect(body.scope).toBe('api')
  })

  test('what is granted is what the user saw: the form is checked like the request', async () => {
    const stage = await startStage({
      applications: [{ name: 'A', redirectUris: [callback], scopes: ['read_user'] }],
    })
    const cookie = await signIn(stage.url)
    const form = new URLSearchParams(stage.authorizeUrl({ scope: 'api' }).search)
    form.set('decision', 'authorize')
    const response = await fetch(`${stage.url}/oauth/authorize`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie, origin: stage.url },
      body: form,
    })
    expect(response.headers.get('location')).toBeNull()
    expect(await response.text()).toContain('more than the application may ask for')
  })
})

describe('a request that cannot be authorized ends on a page, with 200 and without a redirect', () => {
  test.each([
    ['an unknown client', { client_id: 'nobody' }, /client id/],
    ['no client', { client_id: '' }, /client id/],
    ['another redirect URI', { redirect_uri: `${callback}/x` }, /redirect URI/],
    ['a redirect URI with another query', { redirect_uri: `${callback}?a` }, /redirect URI/],
    ['no redirect URI', { redirect_uri: '' }, /redirect URI/],
    ['no response type', { response_type: '' }, /response_type/],
    ['an implicit grant', { response_type: 'token' }, /response type/],
    ['an unknown scope', { scope: 'api root' }, /scope/],
    ['a scope named like a method', { scope: 'constructor' }, /scope/],
    [
      'an unknown challenge method',
      { code_challenge: 'x', code_challenge_method: 'S1' },
      /plain or S256/,
    ],
  ])('%s', async (_, parameters, problem) => {
    const stage = await startStage()
    const cookie = await signIn(stage.url)
    const response = await fetch(stage.authorizeUrl(parameters), {
      redirect: 'manual',
      headers: { cookie },
    })
    expect(response.status).toBe(200)
    expect(await response.text()).toMatch(problem)
  })

  test('a scope beyond what the application was registered with', async () => {
    const stage = await startStage({
      applications: [{ name: 'A', redirectUris: [callback], scopes: ['read_user'] }],
    })
    await expect(stage.visitor().authorize(stage.authorizeUrl({ scope: 'api' }))).rejects.toThrow(
      /scope/,
    )
  })
})

describe('the consent page is skipped', () => {
  test('for a confidential application, when a living token has the same scopes', async () => {
    const stage = await startStage()
    const visitor = stage.visitor()
    await stage.issue(['read_user', 'api'])
    await visitor.authorize(stage.authorizeUrl({ scope: 'api read_user' }))
    expect(visitor.sawConsent).toBe(false)
    await visitor.authorize(stage.authorizeUrl({ scope: 'api' }))
    expect(visitor.sawConsent).toBe(true)
  })

  test('not for another user, nor once the token was revoked', async () => {
    const stage = await startStage()
    await stage.issue()
    const grace = stage.visitor('grace')
    await grace.authorize(stage.authorizeUrl())
    expect(grace.sawConsent).toBe(true)
    const ada = stage.visitor()
    await stage.control.revokeGrants({ username: 'ada' })
    await ada.authorize(stage.authorizeUrl())
    expect(ada.sawConsent).toBe(true)
  })

  test('not for a public application', async () => {
    const stage = await startStage({
      applications: [{ name: 'A', redirectUris: [callback], confidential: false }],
    })
    await stage.issue()
    const visitor = stage.visitor()
    await visitor.authorize(stage.authorizeUrl())
    expect(visitor.sawConsent).toBe(true)
  })

  test('always for a trusted application', async () => {
    const stage = await startStage({
      applications: [{ name: 'A', redirectUris: [callback], trusted: true }],
    })
    const visitor = stage.visitor()
    const back = await visitor.authorize(stage.authorizeUrl())
    expect([visitor.sawConsent, back.searchParams.has('code')]).toEqual([false, true])
  })

  test('always or never, if the tests say so', async () => {
    const stage = await startStage()
    const visitor = stage.visitor()
    await stage.control.change({ skipConsent: 'always' })
    await visitor.authorize(stage.authorizeUrl())
    expect(visitor.sawConsent).toBe(false)
    await stage.issue()
    await stage.control.change({ skipConsent: 'never' })
    await visitor.authorize(stage.authorizeUrl())
    expect(visitor.sawConsent).toBe(true)
  })
})

/** Signs ada in; answers her cookie. */
async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/users/sign_in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ username: 'ada', password: 'sandbox' }),
  })
  expect(response.status).toBe(302)
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}
