import { describe, expect, test } from 'vitest'
import { type Stage, startStage } from '../stage.test.support.ts'

async function tokenWith(stage: Stage, ...scopes: string[]): Promise<string> {
  return (await stage.issue(scopes)).accessToken
}

describe('who may', () => {
  test('no token: 401 with a message', async () => {
    const stage = await startStage()
    const { status, body } = await stage.get('/api/v4/user')
    expect([status, body]).toEqual([401, { message: '401 Unauthorized' }])
  })

  test('revoked, expired and unknown tokens each have their sentence', async () => {
    const stage = await startStage()
    const [revoked, expired] = [await stage.issue(), await stage.issue(['api'], 'grace')]
    await stage.control.revokeGrants({ username: 'ada' })
    const sentence = async (token: string) => {
      const { status, headers, body } = await stage.get('/api/v4/user', token)
      expect([status, body.error]).toEqual([401, 'invalid_token'])
      expect(headers.get('www-authenticate')).toContain('error="invalid_token"')
      return body.error_description
    }
    expect(await sentence(revoked.accessToken)).toBe(
      'Token was revoked. You have to re-authorize from the user.',
    )
    stage.pass(7_200)
    expect(await sentence(expired.accessToken)).toBe(
      'Token is expired. You can either do re-authorization or token refresh.',
    )
    expect(await sentence('unknown')).toBe('Bad Access Token.')
    expect(await sentence(expired.refreshToken ?? '')).toBe('Bad Access Token.')
  })

  test('a scope too few: 403 says which would do, without a challenge', async () => {
    const stage = await startStage()
    const { status, headers, body } = await stage.get(
      '/api/v4/projects',
      await tokenWith(stage, 'read_user', 'write_repository'),
    )
    expect([status, body]).toEqual([
      403,
      {
        error: 'insufficient_scope',
        error_description:
          'The request requires higher privileges than provided by the access token.',
        scope: 'api read_api',
      },
    ])
    expect(headers.has('www-authenticate')).toBe(false)
  })

  test.each(['api', 'read_api', 'read_user'])(
    'GET /user and /version open with %s',
    async (scope) => {
      const stage = await startStage()
      const token = await tokenWith(stage, scope)
      expect((await stage.get('/api/v4/user', token)).status).toBe(200)
      expect((await stage.get('/api/v4/version', token)).body.version).toMatch(/^\d+\.\d+\.\d+$/)
    },
  )

  test('a blocked user: 403 with a message, until unblocked', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'api')
    await stage.control.block('ada')
    const { status, body } = await stage.get('/api/v4/user', token)
    expect([status, body.message]).toEqual([403, expect.stringMatching(/blocked/)])
    await stage.control.unblock('ada')
    expect((await stage.get('/api/v4/user', token)).status).toBe(200)
  })
})

describe('projects', () => {
  async function list(stage: Stage, query: string, username = 'ada') {
    const { accessToken } = await stage.issue(['read_api'], username)
    const { headers, text } = await stage.get(`/api/v4/projects${query}`, accessToken)
    const rows: { path_with_namespace: string }[] = JSON.parse(text)
    return { headers, paths: rows.map((row) => row.path_with_namespace) }
  }

  test('are those of the user', async () => {
    const stage = await startStage()
    const ada = await list(stage, '?membership=true')
    const grace = await list(stage, '?membership=true', 'grace')
    expect(ada.paths).toContain('lighthouse/billing-service')
    expect(grace.paths).not.toContain('lighthouse/billing-service')
    expect(grace.paths).toContain('grace/field-notes')
    expect(ada.paths.length).toBeGreaterThan(2)
  })

  test('come in pages, with GitLab’s headers', async () => {
    const stage = await startStage()
    const { headers, paths } = await list(stage, '?membership=true&per_page=3&page=1')
    expect(paths).toHaveLength(3)
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-page': '1',
      'x-per-page': '3',
      'x-prev-page': '',
      'x-next-page': '2',
      'x-total': '4',
      'x-total-pages': '2',
    })
    const next = /<([^>]*)>; rel="next"/.exec(headers.get('link') ?? '')?.[1] ?? ''
    const rest = await list(stage, new URL(next).search)
    expect(rest.paths).toHaveLength(1)
    expect(rest.headers.get('x-next-page')).toBe('')
  })

  test.each(['per_page=0', 'per_page=-1', 'per_page=x', 'page=0', 'page=x', 'per_page=1.5'])(
    'a page number that makes no sense is the default: %s',
    async (query) => {
      const stage = await startStage()
      const { headers } = await list(stage, `?${query}`)
      expect([headers.get('x-page'), headers.get('x-per-page')]).toEqual(['1', '20'])
    },
  )

  test('per_page is 100 at most, and a page beyond the end is empty', async () => {
    const stage = await startStage()
    const { headers, paths } = await list(stage, '?per_page=1000&page=9')
    expect([headers.get('x-per-page'), paths]).toEqual(['100', []])
  })

  test('the Link header never repeats a token from the query', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'api')
    const { headers } = await stage.get(`/api/v4/projects?access_token=${token}&per_page=1`)
    expect(headers.get('link')).not.toContain(token)
  })

  test('one is found by number and by encoded path; an invisible one is not', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'read_api')
    expect((await stage.get('/api/v4/projects/501', token)).body.name).toBe('Webshop')
    const byPath = await stage.get('/api/v4/projects/lighthouse%2Fwebshop', token)
    expect(byPath.body.id).toBe(501)
    for (const id of ['506', '999', 'webshop', 'grace%2Ffield-notes']) {
      const { status, body } = await stage.get(`/api/v4/projects/${id}`, token)
      expect([status, body], id).toEqual([404, { message: '404 Project Not Found' }])
    }
  })

  test('a slash that is not encoded matches no route', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'read_api')
    const { status, body } = await stage.get('/api/v4/projects/lighthouse/webshop', token)
    expect([status, body]).toEqual([404, { error: '404 Not Found' }])
  })
})

describe('issues', () => {
  test('are listed newest first, by state, label and words', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'read_api')
    const list = async (query: string) => {
      const { text } = await stage.get(`/api/v4/projects/501/issues?${query}`, token)
      return JSON.parse(text) as { iid: number; state: string; labels: string[] }[]
    }
    expect((await list('per_page=2')).map(({ iid }) => iid)).toEqual([24, 23])
    expect(new Set((await list('state=closed')).map(({ state }) => state))).toEqual(
      new Set(['closed']),
    )
    expect((await list('labels=docs')).every(({ labels }) => labels.includes('docs'))).toBe(true)
    expect(await list('search=umlaut')).toHaveLength(1)
  })

  test('one is found by its iid; an unknown one has the small f', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'read_api')
    const found = await stage.get('/api/v4/projects/501/issues/4', token)
    expect(found.body).toMatchObject({ iid: 4, project_id: 501 })
    const missing = await stage.get('/api/v4/projects/501/issues/501003', token)
    expect([missing.status, missing.body]).toEqual([404, { message: '404 Not found' }])
  })

  async function create(stage: Stage, token: string, body: string, type = 'application/json') {
    const response = await fetch(`${stage.url}/api/v4/projects/501/issues`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body,
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  test('are created with scope api, and are there afterwards', async () => {
    const stage = await startStage()
    const token = await tokenWith(stage, 'api')
    const made = await create(stage, token, '{"title":"Lamp is <b>out</b>","labels":"bug,night"}')
    expect(made).toMatchObject({
      status: 201,
      body: { iid: 25, title: 'Lamp is <b>out</b>', labels: ['bug', 'night'], state: 'opened' },
    })
    const found = await stage.get('/api/v4/projects/501/issues/25', token)
    expect(found.body.author).toMatchObject({ username: 'ada' })
  })

  test('are not created with read_api', async () => {
    const stage = await startStage()
    const made = await create(stage, await tokenWith(stage, 'read_api'), '{"title":"x"}')
    expect(made).toMatchObject({ status: 403, body: { scope: 'api' } })
  })

  test.each([
    ['{}', 'title is missing'],
    ['{"title":5}', 'title is invalid'],
    ['{"title":"x","labels":{}}', 'labels is invalid'],
    ['not json', 'body is invalid'],
    ['[]', 'body is invalid'],
  ])('%s: 400 %s', async (body, error) => {
    const stage = await startStage()
    const made = await create(stage, await tokenWith(stage, 'api'), body)
    expect(made).toEqual({ status: 400, body: { error } })
  })

  test('a blank title has the other shape of a 400', async () => {
    const stage = await startStage()
    const made = await create(
      stage,
      await tokenWith(stage, 'api'),
      'title=+',
      'application/x-www-form-urlencoded',
    )
    expect(made).toEqual({ status: 400, body: { message: { title: ["can't be blank"] } } })
  })
})
