/** One walk for every method of every definition: what is connected, renewed, refused, withdrawn, found withdrawn. */
import { createHash, randomBytes } from 'node:crypto'
import type { ConfirmAnswer, ProviderDefinition } from '@keywell/protocol'
import { expect } from 'vitest'
import { connectByCode, connectInBrowser, integrate, type RegisteredClient } from './journey.ts'
import { must, type Stage } from './stage.ts'
import type { WalkedApp, WalkedConsent, WalkedKey, WalkedStandIn } from './walked-methods.ts'

export const who = { tenantId: 'ten_northwind', userId: 'usr_mira' }
const query = new URLSearchParams(who)

interface Read {
  credential: string
  generation: number
  expiresAt: string | null
  headers: { name: string; value: string }[]
  code?: string
}

/** A definition as it is run here: with one method, under a name of its own. */
export interface Walked<StandIn extends WalkedStandIn> {
  stage: Stage
  definition: ProviderDefinition
  at: StandIn
  /** How long is waited for what the service does by itself. */
  limitMs: number
}

/** @throws Error at the first thing that is not as the stand-in's provider has it */
export async function walkApp(walked: Walked<WalkedApp>): Promise<void> {
  const { stage, definition, at, limitMs } = walked
  const provider = definition.name
  let client: RegisteredClient | undefined
  let page: URL | undefined
  const id = await integrate(stage, { provider, scopes: at.scopes }, async (redirectUri) => {
    const { clientId, clientSecret } = await at.register(redirectUri)
    client = { clientId, clientSecret }
    return { ...client, clientSecret: 'not-the-secret' }
  })
  const session =
    at.scopes.length === 0 ? {} : { scopes: { [provider]: { required: [...at.scopes] } } }
  const byCode = 'typeCode' in at
  const connect = (connectionName = 'default', tamper = (back: URL) => back) =>
    byCode
      ? connectByCode(stage, { provider, ...who, ...session, connectionName }, at.typeCode, limitMs)
      : connectInBrowser(stage, {
          provider,
          who,
          session,
          flow: { connectionName },
          consent: async (shown) => {
            page = shown
            return tamper(await at.consent(shown))
          },
        })

  expectFailure(await connect(), { code: 'provider_error', providerReason: 'client_rejected' })
  must(await stage.call('PUT', `/v1/integrations/${id}/client`, client), 200)
  // A code of a person never comes by way of a browser.
  if (!byCode) expectFailure(await connect('default', withWrongCode), { code: 'flow_expired' })

  const first = await connected(walked, await connect())
  if (at.asked !== undefined) expect(page?.searchParams.get('scope')).toBe(at.asked)
  const held = await expectHeld(walked)
  expectLife(held, at.lifeSeconds)
  await expectHealthy(walked, first)
  if (renews(definition)) {
    await due(stage, first, 'refresh_at')
    await soon(walked, 'renewed', async () => (await read(walked)).generation > held.generation)
    await expectHeld(walked)
  }

  // The same account once more: one of both is disconnected, and the other one stays.
  const second = await connected(walked, await connect('second'))
  const other = await read(walked, 'second')
  const gone = must(
    await stage.call<{ upstream: string }>('DELETE', `/v1/connections/${second}?${query}`),
    200,
  )
  expect(gone.upstream).toBe(at.withdraws ? 'revoked' : 'manual')
  expect(await at.takes(headersOf(other))).toBe(!at.withdraws)
  await expectHeld(walked)

  await at.takeBack()
  await endsBy(walked, first, renews(definition) && !at.withdraws ? 'refresh_at' : 'probe_at')
  if (renews(definition)) {
    const again = await connected(walked, await connect())
    await at.takeBack()
    await endsBy(walked, again, 'refresh_at')
  }
  if (!byCode && client !== undefined && page !== undefined) {
    await expectMeasured({ definition, at }, client, page)
  }
  expect(at.unexpected()).toEqual([])
}

export async function walkKey(walked: Walked<WalkedKey>): Promise<void> {
  const { stage, definition, at } = walked
  const paste = (fields: Record<string, string>) =>
    stage.call<{ id: string; account: object; scopes: string[]; code?: string }>(
      'POST',
      '/v1/connections',
      {
        provider: definition.name,
        ...who,
        ...(at.host !== undefined && { host: at.host }),
        credential: { type: 'api_key', fields },
      },
    )
  expect((await paste(at.wrong)).body.code).toBe('key_refused')
  const { id, account, scopes } = must(await paste(at.key), 201)
  expect(account).toMatchObject(at.account)
  expect(scopes.toSorted()).toEqual(at.scopes.toSorted())
  const held = await expectHeld(walked)
  expect(held.expiresAt !== null, 'it has an end').toBe(at.ends)
  await at.takeBack()
  await endsBy(walked, id, 'probe_at')
  expect(at.unexpected()).toEqual([])
}

const renews = ({ auth: [method] }: ProviderDefinition) =>
  method?.kind === 'oauth2' && method.renewal.by === 'refresh_token'

function withWrongCode(back: URL): URL {
  back.searchParams.set('code', 'a-code-that-nobody-gave')
  return back
}

type Outcome = Pick<ConfirmAnswer, 'status' | 'connection' | 'error'>

export function expectFailure(answer: Outcome, error: object): void {
  expect(answer).toMatchObject({ status: 'failed', error })
}

async function connected(
  { at, definition }: Walked<WalkedStandIn>,
  { status, connection }: Outcome,
): Promise<string> {
  expect({ status, account: connection?.account }, definition.name).toMatchObject({
    status: 'connected',
    account: at.account,
  })
  expect(connection?.scopes.toSorted()).toEqual((at.granted ?? at.scopes).toSorted())
  return connection?.id ?? ''
}

async function read(
  { stage, definition }: Walked<WalkedStandIn>,
  connectionName = 'default',
): Promise<Read> {
  const body = { provider: definition.name, connectionName, ...who }
  return must(await stage.call<Read>('POST', '/v1/credentials', body), 200)
}

const headersOf = ({ headers }: Read) =>
  Object.fromEntries(headers.map(({ name, value }) => [name, value]))

/** It is there, and the provider takes it. */
async function expectHeld(walked: Walked<WalkedStandIn>): Promise<Read> {
  const held = await read(walked)
  expect(await walked.at.takes(headersOf(held)), 'the API takes it').toBe(true)
  return held
}

/** A probe finds that all is well, at that time. */
async function expectHealthy(walked: Walked<WalkedStandIn>, id: string): Promise<void> {
  const { stage } = walked
  const look = async () =>
    must(
      await stage.call<{ health: { status: string; checkedAt: string | null } }>(
        'GET',
        `/v1/connections/${id}?${query}`,
      ),
      200,
    ).health
  const before = await look()
  await due(stage, id, 'probe_at')
  await soon(walked, 'probed', async () => (await look()).checkedAt !== before.checkedAt)
  expect((await look()).status).toBe('ok')
}

/** A minute is for the walk itself. */
function expectLife({ expiresAt }: Read, life: WalkedApp['lifeSeconds']): void {
  if (life === null) {
    expect(expiresAt).toBeNull()
    return
  }
  const seconds = (Date.parse(expiresAt ?? '') - Date.now()) / 1_000
  expect(seconds).toBeGreaterThan(life[0] - 60)
  expect(seconds).toBeLessThanOrEqual(life[1])
}

export const due = (stage: Stage, id: string, column: 'refresh_at' | 'probe_at') =>
  stage.database.query(
    column === 'refresh_at'
      ? 'update refresh_schedule set refresh_at = now() where connection_id = $1'
      : 'update refresh_schedule set probe_at = now() where connection_id = $1',
    [id],
  )

/** The user is asked to connect again, once the provider was asked. */
async function endsBy(
  walked: Walked<WalkedStandIn>,
  id: string,
  column: 'refresh_at' | 'probe_at',
): Promise<void> {
  const { stage, definition } = walked
  await due(stage, id, column)
  await soon(walked, 'found withdrawn', async () => {
    const body = { provider: definition.name, ...who }
    const { status, body: answer } = await stage.call<Read>('POST', '/v1/credentials', body)
    return status === 409 && answer.code === 'needs_reauth'
  })
}

export async function soon(
  { limitMs }: { limitMs: number },
  what: string,
  isTrue: () => Promise<boolean>,
): Promise<void> {
  const endMs = performance.now() + limitMs
  while (!(await isTrue())) {
    if (performance.now() > endMs) throw new Error(`not in time: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 40))
  }
}

/** What becomes of tokens that were used, tried by hand, is what the definition says of them. */
async function expectMeasured(
  { definition, at }: { definition: ProviderDefinition; at: WalkedConsent },
  client: RegisteredClient,
  page: URL,
): Promise<void> {
  const [method] = definition.auth
  if (method?.kind !== 'oauth2') throw new Error('no app')
  const measured = await measure(at, client, page)
  const { renewal } = method
  if (renewal.by === 'none') {
    expect(measured).toBe('no refresh token')
    return
  }
  expect(measured).toEqual({
    rotation: renewal.rotation,
    newEachTime: renewal.rotation !== 'none' || renewal.newEachTime === true,
    revokesOldAccessToken: renewal.revokesOldAccessToken,
  })
}

interface Pair {
  access_token: string
  refresh_token?: string
}

async function measure(at: WalkedConsent, client: RegisteredClient, page: URL) {
  const verifier = randomBytes(32).toString('base64url')
  const challenge = createHash('sha256').update(verifier).digest('base64url')
  page.searchParams.set('code_challenge', challenge)
  const back = await at.consent(page)
  const ask = (form: Record<string, string>) => askForTokens(at, client, form)
  const first = await ask({
    grant_type: 'authorization_code',
    code: back.searchParams.get('code') ?? '',
    redirect_uri: page.searchParams.get('redirect_uri') ?? '',
    code_verifier: verifier,
  })
  if (first?.refresh_token === undefined) return 'no refresh token'
  const renew = (pair: Pair | undefined) =>
    ask({ grant_type: 'refresh_token', refresh_token: pair?.refresh_token ?? '' })
  const second = await renew(first)
  const authorization = { Authorization: `Bearer ${first.access_token}` }
  const revokesOldAccessToken = !(await at.takes(authorization))
  const newEachTime = second?.refresh_token !== first.refresh_token
  const atOnce = await renew(first)
  if (atOnce === undefined) {
    const rotation = (await renew(second)) === undefined ? 'strict_family' : 'strict'
    return { rotation, newEachTime, revokesOldAccessToken }
  }
  await at.advance(86_400)
  const late = await renew(first)
  const alive = late ?? (await renew(atOnce))
  const refused = alive === undefined ? 'grace_then_family' : 'grace'
  return { rotation: late ? 'none' : refused, newEachTime, revokesOldAccessToken }
}

async function askForTokens(
  { tokenUrl, client: authentication }: WalkedConsent,
  { clientId, clientSecret }: RegisteredClient,
  form: Record<string, string>,
): Promise<Pair | undefined> {
  const isBasic = authentication === 'client_secret_basic'
  const pair = Buffer.from(`${clientId}:${clientSecret}`).toString('base64')
  const response = await fetch(tokenUrl, {
    method: 'POST',
    headers: { accept: 'application/json', ...(isBasic && { authorization: `Basic ${pair}` }) },
    body: new URLSearchParams({
      ...form,
      ...(!isBasic && { client_id: clientId, client_secret: clientSecret }),
    }),
  })
  const answer = (await response.json()) as Partial<Pair>
  return answer.access_token === undefined
    ? undefined
    : { ...answer, access_token: answer.access_token }
}
