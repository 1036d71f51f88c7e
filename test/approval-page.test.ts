/** The page of the service where a person approves a call of an agent: who can open it, and who can decide. */
import type {
  ApiKeyWithSecret,
  Approval,
  ApprovalLink,
  CreateApiKey,
  CreateApprovalLink,
  McpToken,
  Problem,
} from '@keywell/protocol'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { type Page, Person } from './support/person.ts'
import { type Answer, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

interface Who {
  tenantId: string
  userId: string
}

const approvalUrl = 'https://app.example/api/keywell/approve'
const tool = 'gitlab_issue_delete'
const given = { project_id: 'lighthouse/webshop', issue_iid: 1 }

describeEachDatabase('the page of an approval', (makeDatabase) => {
  let stage: Stage
  let next = 0

  beforeAll(async () => {
    const appearance = { name: 'Acme' }
    stage = await createStage(await makeDatabase(), { role: 'serve', approvalUrl, appearance })
  })
  afterAll(() => stage.stop())
  beforeEach(() => stage.calm())

  async function connected(): Promise<Who> {
    next += 1
    const who = { tenantId: `ten_approve_${next}`, userId: `usr_${next}` }
    const scopes = ['api'] as ['api']
    await stage.connect({
      who,
      session: { scopes: { gitlab: { required: scopes } } },
      flow: { scopes },
    })
    return who
  }

  /** A call as the agent makes it. */
  async function send<Body = Problem>(
    key: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer<Body>> {
    const response = await fetch(`${stage.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const { status, headers } = response
    return { status, headers, body: JSON.parse(await response.text()) as Body }
  }

  async function keyOf(roles: CreateApiKey['roles']): Promise<string> {
    const wanted = { name: 'Helper of Acme', roles }
    return must(await stage.call<ApiKeyWithSecret>('POST', '/v1/api-keys', wanted), 201).key
  }

  const execute = (key: string, who: Who, approvalId?: string) =>
    send(key, 'POST', '/v1/tools/execute', {
      ...who,
      tool,
      arguments: given,
      agent: 'acme-helper',
      ...(approvalId && { approvalId }),
    })

  async function asked(who: Who, key = stage.apiKey): Promise<string> {
    const { body } = await execute(key, who)
    expect(body, JSON.stringify(body)).toMatchObject({ code: 'approval_required' })
    const { approvalId = '', approvalUrl: address } = body.tool ?? {}
    expect(address).toBe(`${approvalUrl}?approvalId=${approvalId}`)
    return approvalId
  }

  const linkFor = (who: Who, id: string, more: Partial<CreateApprovalLink> = {}) =>
    stage.call<ApprovalLink & Problem>('POST', `/v1/approvals/${id}/links`, { ...who, ...more })

  /** The person's browser, sent to the page by the app. */
  async function opened(who: Who, id: string): Promise<Person> {
    const person = new Person()
    const { url } = must(await linkFor(who, id), 201)
    const page = await person.visit(url)
    expect(page.status, page.text).toBe(200)
    // What is in the address opens nothing.
    expect(page.url.href).toBe(`${stage.url}/approvals/${id}`)
    return person
  }

  function decide(
    person: Person,
    id: string,
    decision: string,
    origin: string | null = stage.url,
  ): Promise<Page> {
    return person.visit(`${stage.url}/approvals/${id}`, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ decision }),
        headers: origin === null ? {} : { origin },
      },
    })
  }

  const stateOf = async ({ tenantId }: Who, id: string) =>
    must(await stage.call<Approval>('GET', `/v1/approvals/${id}?tenantId=${tenantId}`), 200).state

  async function audited({ tenantId }: Who): Promise<string[]> {
    const rows = await stage.database.query<{ actor: string; entry: string }>(
      `select actor, action || ' ' || result || ' ' || coalesce(reason, '') as entry from audit
       where tenant_id = $1 and action in ('approval.link', 'approval.decide') order by id`,
      [tenantId],
    )
    return rows.map(({ actor, entry }) => `${actor.replace(/^key:.*/, 'key')} ${entry}`)
  }

  verifies('approvals:page', async () => {
    const who = await connected()
    const agent = await keyOf(['agent'])
    const id = await asked(who, agent)
    const person = await opened(who, id)
    const { text } = await person.visit(`${stage.url}/approvals/${id}`)
    for (const shown of [
      'Delete issue',
      'acme-helper',
      'Helper of Acme',
      `ada at GitLab`,
      who.userId,
      `DELETE ${stage.sandbox.url}/api/v4/projects/lighthouse%2Fwebshop/issues/1`,
      'issue_iid',
      'deletes something',
      'data-waiting="pending"',
    ]) {
      expect(text).toContain(shown)
    }
    expect(await stateOf(who, id), 'looking decides nothing').toBe('pending')
    expect((await decide(person, id, 'approve')).text).toContain('You approved this call')
    expect((await execute(agent, who, id)).status).toBe(200)
    const after = await person.visit(`${stage.url}/approvals/${id}`)
    expect(after.text).toContain('The call that you approved was made')
    expect(await audited(who)).toEqual([
      `key approval.link ok ${tool}`,
      `user:${who.userId} approval.decide ok approved: ${tool}`,
    ])
    expect(stage.logs.join('\n')).not.toContain([...person.cookiesOf(after.url).values()][0])
  })

  verifies('approvals:page-refuse', async () => {
    const who = await connected()
    const id = await asked(who)
    const person = await opened(who, id)
    const watching = await opened(who, id)
    expect((await decide(person, id, 'deny')).text).toContain('You refused this call')
    expect((await execute(stage.apiKey, who, id)).body.code).toBe('approval_denied')
    expect((await decide(watching, id, 'approve')).text, 'too late').toContain('You refused')
    expect(await stateOf(who, id)).toBe('denied')

    const late = await asked(who)
    const slow = await opened(who, late)
    await stage.database.query(
      `update approvals set ends_at = now() - interval '1 second' where tenant_id = $1 and id = $2`,
      [who.tenantId, late],
    )
    // The end is sealed with the row: nobody moves it, and a page does not show what was moved.
    expect((await slow.visit(`${stage.url}/approvals/${late}`)).status).toBe(500)
    expect(await stateOfRow(who, late)).toBe('pending')
  })

  const stateOfRow = async ({ tenantId }: Who, id: string) =>
    (
      await stage.database.query<{ state: string }>(
        'select state from approvals where tenant_id = $1 and id = $2',
        [tenantId, id],
      )
    )[0]?.state

  verifies('T39:agent', async () => {
    const who = await connected()
    const agent = await keyOf(['agent'])
    const id = await asked(who, agent)
    const { token } = must(
      await stage.call<McpToken>('POST', '/v1/mcp-tokens', { ...who, provider: 'gitlab' }),
      201,
    )
    const tenant = { tenantId: who.tenantId }
    for (const [key, status] of [
      [agent, 403],
      [token, 401],
    ] as const) {
      const tries = [
        send(key, 'POST', `/v1/approvals/${id}/links`, who),
        send(key, 'POST', `/v1/approvals/${id}/decision`, {
          ...tenant,
          decision: 'approve',
          decidedBy: who.userId,
        }),
        send(key, 'GET', `/v1/approvals/${id}?tenantId=${who.tenantId}`),
        send(key, 'POST', '/v1/mcp-tokens', { ...who, provider: 'gitlab' }),
        send(key, 'POST', '/v1/credentials', { ...who, provider: 'gitlab' }),
        send(key, 'POST', '/v1/requests', { ...who, provider: 'gitlab', path: '/api/v4/user' }),
      ]
      for (const answer of await Promise.all(tries)) expect(answer.status).toBe(status)
      const page = await fetch(`${stage.url}/approvals/${id}`, {
        method: 'POST',
        body: new URLSearchParams({ decision: 'approve' }),
        headers: { authorization: `Bearer ${key}`, origin: stage.url },
      })
      expect(page.status).toBe(403)
    }
    expect(await stateOf(who, id)).toBe('pending')
    expect((await execute(agent, who, id)).body.code).toBe('approval_required')
  })

  verifies('T39:bare-address', async () => {
    const who = await connected()
    const id = await asked(who)
    await opened(who, id)
    const stranger = new Person()
    for (const page of [
      await stranger.visit(`${stage.url}/approvals/${id}`),
      await decide(stranger, id, 'approve'),
    ]) {
      expect(page.status).toBe(403)
      expect(page.text).toContain('Only a person who is signed in at Acme')
      expect(page.text).toContain(`${approvalUrl}?approvalId=${id}`)
      for (const secret of ['Delete issue', 'lighthouse', who.userId, 'ada']) {
        expect(page.text).not.toContain(secret)
      }
    }
    expect(await stateOf(who, id)).toBe('pending')
    // An id that there is not looks the same.
    const unknown = await stranger.visit(`${stage.url}/approvals/${id.slice(0, -4)}0000`)
    expect(unknown.status).toBe(403)
  })

  verifies('T39:other-user', async () => {
    const who = await connected()
    const id = await asked(who)
    const other = { ...who, userId: 'usr_other' }
    const foreign = await linkFor(other, id)
    const unknown = await linkFor(other, `${id.slice(0, -4)}0000`)
    expect([foreign.status, unknown.status]).toEqual([404, 404])
    expect(foreign.body.code).toBe(unknown.body.code)
    expect((await linkFor({ ...who, tenantId: 'ten_elsewhere' }, id)).status).toBe(404)
    // A page that was opened for one call decides no other.
    const second = await asked(who)
    const person = await opened(who, second)
    expect((await decide(person, id, 'approve')).status).toBe(403)
    expect(await stateOf(who, id)).toBe('pending')
    // An administrator decides for others where the app says so.
    const admin = new Person()
    await admin.visit(must(await linkFor(other, id, { forOthers: true }), 201).url)
    await decide(admin, id, 'approve')
    expect(await audited(who)).toEqual([
      'key approval.link denied other_user',
      `key approval.link ok ${tool}`,
      `key approval.link ok ${tool}`,
      `user:usr_other approval.decide ok approved: ${tool}`,
    ])
  })

  verifies('T39:other-browser', async () => {
    const who = await connected()
    const id = await asked(who)
    const { url } = must(await linkFor(who, id), 201)
    // What looks ahead uses nothing up.
    await fetch(url, { method: 'HEAD' })
    await fetch(url, { headers: { 'sec-purpose': 'prefetch' } })
    const [first, second] = [new Person(), new Person()]
    const pages = await Promise.all([first.visit(url), second.visit(url)])
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 410])
    expect((await new Person().visit(url)).text).toContain('This link does not work')
    const loser = pages[0].status === 200 ? second : first
    expect((await decide(loser, id, 'approve')).status).toBe(403)
    const old = must(await linkFor(who, id), 201)
    await stage.database.query(
      `update one_time_codes set expires_at = now() - interval '1 second' where owner_id = $1`,
      [who.tenantId],
    )
    expect((await new Person().visit(old.url)).status).toBe(410)
    expect(await stateOf(who, id)).toBe('pending')
  })

  verifies('T39:foreign-form', async () => {
    const who = await connected()
    const id = await asked(who)
    const person = await opened(who, id)
    for (const origin of [null, 'null', 'https://evil.example', 'https://app.example']) {
      const page = await decide(person, id, 'approve', origin)
      expect(page.status).toBe(403)
    }
    expect((await decide(person, id, 'perhaps')).status).toBe(400)
    expect(await stateOf(who, id)).toBe('pending')
    expect((await audited(who)).slice(1)).toEqual(
      Array(4).fill(`user:${who.userId} approval.decide denied origin`),
    )
    // What a browser keeps is kept from scripts and from forms of other sites.
    const link = must(await linkFor(who, id), 201)
    const response = await fetch(link.url, { redirect: 'manual' })
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^keywell-apr_\w+=[\w-]{43}; Max-Age=1200; Path=\/; HttpOnly; SameSite=Lax$/,
      ),
    ])
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
  })

  verifies('T39:framed', async () => {
    const who = await connected()
    const id = await asked(who)
    const person = await opened(who, id)
    const shown = await person.visit(`${stage.url}/approvals/${id}`)
    const bare = await new Person().visit(`${stage.url}/approvals/${id}`)
    for (const { headers, text } of [shown, bare]) {
      const policy = headers.get('content-security-policy')
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toContain('unsafe')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(text).not.toContain('autofocus')
    }
  })

  verifies('T39:twice', async () => {
    const who = await connected()
    const id = await asked(who)
    const [person, other] = [await opened(who, id), await opened(who, id)]
    await Promise.all([decide(person, id, 'approve'), decide(other, id, 'deny')])
    const decided = (await audited(who)).filter((entry) => entry.includes('decide'))
    expect(decided.filter((entry) => entry.includes('decide ok'))).toHaveLength(1)
    expect(decided.filter((entry) => entry.includes('too_late'))).toHaveLength(1)
  })

  verifies('T39:planted-link', async () => {
    const who = await connected()
    const id = await asked(who)
    const { url } = must(
      await linkFor({ ...who, userId: 'usr_mallory' }, id, { forOthers: true }),
      201,
    )
    const change = (columns: string) =>
      stage.database.query(
        `update one_time_codes set ${columns} where owner_id = $1 and approval_id is not null`,
        [who.tenantId],
      )
    await change(`person_id = '${who.userId}'`)
    expect((await new Person().visit(url)).status).toBe(410)
    // The code of a link is no code of a page.
    const again = must(await linkFor(who, id), 201).url
    await change("purpose = 'approval_page'")
    const secret = again.split('/').at(-1)
    const page = await fetch(`${stage.url}/approvals/${id}`, {
      headers: { cookie: `keywell-${id}=${secret}` },
    })
    expect(page.status).toBe(403)
    const alarms = stage.logs.filter((line) => line.includes('code_forged'))
    expect(alarms.length).toBeGreaterThanOrEqual(2)
    expect(alarms[0]).toContain(id)
  })
})
