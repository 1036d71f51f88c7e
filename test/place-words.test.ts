/** A provider whose addresses are a word apart: what people type or paste for it, on the page of a link and in the kit. */
import type {
  ConnectOptions,
  HostCheck,
  LinkAnswer,
  Problem,
  ProviderDefinition,
} from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type KeyProvider, startKeyProvider } from './support/key-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const who = { tenantId: 'ten_words', userId: 'usr_words' }
let watch: KeyProvider
let stage: Stage

beforeAll(async () => {
  watch = await startKeyProvider()
  const { api: _, ...definition } = watch.definition
  const at = (name: string, kind: 'segment' | 'choice'): ProviderDefinition => ({
    ...definition,
    name,
    title: name,
    api: { base: `${watch.url}/{place}` },
    variables: {
      place:
        kind === 'segment'
          ? { kind, title: 'Organization', pattern: '[a-z]+' }
          : {
              kind,
              title: 'Region',
              options: [
                { value: 'eu', title: 'Europe' },
                { value: 'us', title: 'America' },
              ],
            },
    },
  })
  stage = await createStage(await openEmbedded(), {
    providers: [at('acme-orgs', 'segment'), at('acme-regions', 'choice')],
    privateHosts: [{ origin: watch.url }],
  })
})
afterAll(async () => {
  await stage.stop()
  await watch.stop()
})

async function openLink(providers: string[], language = 'en') {
  const { url } = must(
    await stage.call<LinkAnswer>('POST', '/v1/connect/links', {
      ...who,
      accountLabel: 'mira@acme.example',
      methods: ['key'],
      providers,
      returnUrl: `${appOrigin}/api/keywell/finish`,
    }),
    201,
  )
  const person = new Person()
  const show = () => person.visit(url, { init: { headers: { 'accept-language': language } } })
  const submit = (fields: Record<string, string>) =>
    person.visit(url, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ provider: providers[0] ?? '', method: 'key', ...fields }),
        headers: { origin: stage.url, 'accept-language': language },
      },
    })
  return { show, submit }
}

verifies('hosts:word', async () => {
  const link = await openLink(['acme-orgs'])
  const page = await link.show()
  expect(page.text).toContain('<label for="typed-host">Organization</label>')
  expect(page.text).toMatch(/name="typed_host"[^>]*\srequired\s/)
  expect(page.text).toContain(`As in ${watch.url.replace('http://', '')}/….`)
  const german = await openLink(['acme-orgs'], 'de')
  expect((await german.show()).text).toContain('<span lang="en">Organization</span>')

  for (const text of ['UPPER', '../x', 'https://evil.example/north', `${watch.url}/north%2f`]) {
    const again = await link.submit({ typed_host: text })
    expect([again.status, again.url.pathname], text).toEqual([400, page.url.pathname])
    expect(again.text).toContain('aria-invalid="true"')
  }
  const form = await link.submit({ typed_host: `${watch.url}/north/settings?tab=1` })
  expect(form.text).toContain('name="apiKey"')
  expect(form.text).toContain(`${watch.url.replace('http://', '')}/north`)

  const regions = await (await openLink(['acme-regions'])).show()
  for (const region of ['eu', 'us']) {
    expect(regions.text).toContain(`name="host"\n        value="${watch.url}/${region}"`)
  }

  const session = await stage.session({ ...who, methods: ['key'] })
  const { places } = must(
    await stage.page<ConnectOptions>(session.connectToken, 'GET', '/connect/providers'),
    200,
  )
  const example = `${watch.url}/…`
  expect(places['acme-orgs']).toEqual({
    kind: 'segment',
    title: 'Organization',
    example,
    options: [],
  })
  expect(places['acme-regions']).toMatchObject({ kind: 'choice', example: null })
  expect(places).not.toHaveProperty('gitlab')
  const check = (provider: string, host: string) =>
    stage.page<Partial<Pick<HostCheck, 'host'> & Pick<Problem, 'code'>>>(
      session.connectToken,
      'POST',
      '/connect/hosts',
      {
        provider,
        host,
        method: 'key',
      },
    )
  for (const [provider, text, host] of [
    ['acme-orgs', 'north', `${watch.url}/north`],
    ['acme-orgs', `${watch.url}/north/x`, `${watch.url}/north`],
    ['acme-regions', 'us', `${watch.url}/us`],
  ] as const) {
    expect(must(await check(provider, text), 200)).toMatchObject({ status: 'ready', host })
  }
  expect((await check('acme-orgs', 'https://evil.example/north')).body.code).toBe(
    'host_not_allowed',
  )
  const oauth = await stage.session(who)
  const answer = await stage.page<ConnectOptions>(oauth.connectToken, 'GET', '/connect/providers')
  expect(must(answer, 200).places, 'no keys in this session').toEqual({})
})
