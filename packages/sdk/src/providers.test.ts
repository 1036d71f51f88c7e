/** What scopes are chosen by: as a backend reads it with its API key, and a page with its connect session. */
import type { ConnectOptions, CreateSession, SetTenantPolicy, ToolSummary } from '@keywell/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { type Scene, useEngine } from '../../../test/support/engine.ts'
import { must } from '../../../test/support/stage.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { Keywell, planScopes, toolsOf } from './index.ts'

const engine = useEngine()

/** What a page of the user is offered for GitLab. */
async function offer(
  scene: Scene,
  session: Partial<CreateSession> = {},
): Promise<ConnectOptions['providers'][number] & { tools: ToolSummary[] }> {
  const { connectToken } = await scene.stage.session({ ...scene.who, ...session })
  const path = '/connect/providers?tools=true'
  const { providers } = must(await scene.stage.page<ConnectOptions>(connectToken, 'GET', path), 200)
  const [gitlab] = providers
  if (gitlab === undefined) throw new Error('GitLab is not offered.')
  return { ...gitlab, tools: gitlab.tools ?? [] }
}

async function readGitlab(scene: Scene) {
  const keywell = new Keywell(scene.options)
  onTestFinished(() => keywell.close())
  return keywell.providers.get('gitlab')
}

const namesOf = (all: readonly { name: string }[] = []) => all.map(({ name }) => name)

verifies('scopes:same-plan', async () => {
  const scene = engine.current
  const backend = await readGitlab(scene)
  const page = await offer(scene)
  expect(page.tools).toEqual(backend.tools)
  expect(page.tools).toHaveLength(110)
  // An installation's own instance is another one.
  expect(page.defaultHost).toBe(backend.defaultHost)
  expect(page.hosts).not.toContain(page.defaultHost)
  for (const { required: _, ...scope } of page.scopes) {
    expect(backend.scopes).toContainEqual({ ...scope, administratorsOnly: false })
  }
  for (const tools of [['gitlab_issues_list'], ['gitlab_issue_create', 'gitlab_file_get'], []]) {
    expect(planScopes({ provider: page, tools })).toEqual(planScopes({ provider: backend, tools }))
  }
  // The integration was not registered with `read_repository`: a page cannot ask for it, a wider scope does.
  const tools = ['gitlab_file_get']
  expect(planScopes({ provider: backend, tools }).scopes).toEqual(['read_repository'])
  expect(planScopes({ provider: page, tools }).scopes).toEqual(['read_api'])
})

verifies.suite('scopes:offered', () => {
  test('all that the integration was registered with, without a limit', async () => {
    const { scopes, scopeGroups, scopePresets } = await offer(engine.current)
    expect(namesOf(scopes)).toEqual(['api', 'read_api', 'read_user'])
    expect(scopeGroups).toEqual([
      { name: 'api', title: 'Everything' },
      { name: 'profile', title: 'Your profile' },
    ])
    // Pushing needs a scope that is not registered.
    expect(namesOf(scopePresets)).toEqual(['read_only', 'full'])
    expect(scopes).toContainEqual({
      name: 'read_api',
      sentence: expect.stringContaining('change nothing.'),
      risk: 'high',
      group: 'api',
      implies: ['read_user', 'read_repository', 'read_registry'],
      required: false,
    })
  })

  test('what the session allows', async () => {
    const gitlab = { required: ['read_user'], optional: ['read_api'] }
    const offered = await offer(engine.current, { scopes: { gitlab } })
    expect(offered.scopes.map(({ name, required }) => [name, required])).toEqual([
      ['read_api', false],
      ['read_user', true],
    ])
    expect(namesOf(offered.scopePresets)).toEqual(['read_only'])
    const { unavailable } = planScopes({ provider: offered, tools: ['gitlab_issue_create'] })
    expect(unavailable).toEqual([{ name: 'gitlab_issue_create', reason: 'scope' }])
  })

  test.each<[SetTenantPolicy, string[], string[], number]>([
    [{ readOnly: true }, ['read_api', 'read_user'], ['read_only'], 55],
    [{ scopes: { gitlab: ['read_user'] } }, ['read_user'], [], 110],
    [
      { tools: { gitlab: ['gitlab_issue_create', 'gitlab_issues_list'] } },
      ['api', 'read_api', 'read_user'],
      ['read_only', 'full'],
      2,
    ],
    [
      { readOnly: true, tools: { gitlab: ['gitlab_issue_create', 'gitlab_issues_list'] } },
      ['read_api', 'read_user'],
      ['read_only'],
      1,
    ],
    [{ tools: { gitlab: [] } }, ['api', 'read_api', 'read_user'], ['read_only', 'full'], 0],
  ])('what the policy %o allows', async (policy, scopes, presets, tools) => {
    const scene = engine.current
    await scene.setPolicy(policy)
    const offered = await offer(scene)
    expect(namesOf(offered.scopes)).toEqual(scopes)
    expect(namesOf(offered.scopePresets)).toEqual(presets)
    expect(offered.tools).toHaveLength(tools)
    if (policy.readOnly) {
      const { allowed } = toolsOf({ provider: offered, scopes: namesOf(offered.scopes) })
      expect(allowed).toEqual(namesOf(offered.tools))
    }
  })

  test('without being asked for tools, none', async () => {
    const { connectToken } = await engine.current.stage.session(engine.current.who)
    const read = (query: string) =>
      engine.current.stage.page<ConnectOptions>(connectToken, 'GET', `/connect/providers${query}`)
    for (const query of ['', '?tools=false']) {
      expect(must(await read(query), 200).providers[0], query).not.toHaveProperty('tools')
    }
    for (const query of ['?tools=', '?tools=yes', '?tools=true&tools=true']) {
      expect(await read(query), query).toMatchObject({
        status: 400,
        body: { code: 'invalid_request' },
      })
    }
  })
})

test('a backend reads the catalogue, and one provider of it', async () => {
  const keywell = new Keywell(engine.current.options)
  onTestFinished(() => keywell.close())
  const gitlab = await keywell.providers.get('gitlab')
  const { providers } = await keywell.providers.list()
  expect(providers).toContainEqual(gitlab)
  expect(providers.length).toBeGreaterThan(1)
  expect(gitlab).toMatchObject({ title: 'GitLab', defaultScopes: ['read_api'] })
  expect(gitlab.scopes).toHaveLength(21)
  expect(namesOf(gitlab.scopePresets)).toEqual(['read_only', 'developer', 'full'])
  const all = gitlab.scopes.map(({ group }) => group)
  expect(new Set(all)).toEqual(new Set(namesOf(gitlab.scopeGroups)))
  await expect(keywell.providers.get('gitlub')).rejects.toMatchObject({
    code: 'unknown_provider',
    message: expect.stringContaining('GET /v1/providers'),
  })
})
