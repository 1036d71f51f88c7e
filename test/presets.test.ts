/** The presets that the guide shows, each against a provider that does what the standards say. */
import { readFileSync } from 'node:fs'
import { readDefinition } from '@keywell/providers'
import { createGeneric, type Generic } from '@keywell/sandbox'
import { discoverIssuer } from '@keywell/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { integrate } from './support/journey.ts'
import {
  connect,
  connectByForm,
  disconnect,
  isRefused,
  openStage,
  paste,
  read,
  refresh,
} from './support/provider-steps.ts'
import { must } from './support/stage.ts'
import { until } from './support/until.ts'
import { verifies } from './support/verifies.ts'

const guide = readFileSync(new URL('../apps/docs/guide/own-providers.md', import.meta.url), 'utf8')
const shown = [...guide.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text = '']) => text)

async function start(options: Parameters<typeof createGeneric>[0] = {}): Promise<Generic> {
  const at = await createGeneric(options)
  onTestFinished(() => at.stop())
  return at
}

/** A preset of the guide, whose addresses lead to the stand-in. */
function presetOf(kind: string, { urls }: Generic): Record<string, unknown> {
  const text = shown.find((each) => JSON.parse(each).preset === kind) ?? ''
  return JSON.parse(
    text
      .replaceAll('https://login.acme.example', urls.issuer)
      .replaceAll('https://api.acme.example', urls.api),
  )
}

/** A service with what the preset makes. */
async function openWith(preset: object, { urls }: Generic) {
  const made = readDefinition(new TextEncoder().encode(JSON.stringify(preset)))
  if (!('definition' in made)) throw new Error(JSON.stringify(made.problems))
  return openStage(made.definition, Object.values(urls))
}

verifies.suite('presets:guide', () => {
  test('the guide shows one of each', () => {
    const kinds = shown.map((text) => JSON.parse(text).preset)
    expect(kinds.toSorted()).toEqual(['api-key', 'basic', 'oauth2', 'oidc'])
  })

  test('oauth2: connected, renewed, withdrawn, and found withdrawn', async () => {
    const at = await start({ alwaysRefreshable: true })
    const preset = presetOf('oauth2', at)
    const provider = String(preset.name)
    const stage = await openWith(preset, at)
    let client: ReturnType<Generic['registerClient']> | undefined
    await integrate(stage, { provider, scopes: ['read', 'write'] }, (redirectUri) => {
      client = at.registerClient({ name: 'Northwind', redirectUris: [redirectUri] })
      return client
    })
    const { connection } = await connect(stage, provider, ['read'])
    expect(connection).toMatchObject({
      account: { id: 'u-101', name: 'Ada Okafor' },
      scopes: ['read'],
    })
    const before = must(await read(stage, provider), 200)
    await refresh(stage)
    await until(
      'renewed',
      async () => must(await read(stage, provider), 200).generation > before.generation,
    )
    expect(await disconnect(stage, connection?.id)).toMatchObject({ upstream: 'revoked' })
    await connect(stage, provider, ['read'])
    if (client !== undefined) at.revokeGrant(client, 'ada')
    expect(await isRefused(stage, provider)).toMatchObject({ code: 'needs_reauth' })
    expect(at.unexpected()).toEqual([])
  })

  test('oidc: its issuer is asked once, and what it said then holds', async () => {
    const at = await start()
    const { discovered: _, ...preset } = presetOf('oidc', at)
    const discovered = await discoverIssuer(at.urls.issuer, {
      privateHosts: [{ origin: at.urls.issuer }],
    })
    // What the guide shows is what such an issuer says.
    expect(presetOf('oidc', at).discovered).toEqual(discovered)
    const provider = String(preset.name)
    const stage = await openWith({ ...preset, discovered }, at)
    const scopes = ['profile', 'email']
    await integrate(stage, { provider, scopes }, (redirectUri) =>
      at.registerClient({ name: 'Northwind', redirectUris: [redirectUri] }),
    )
    const { connection } = await connect(stage, provider, scopes)
    expect(connection).toMatchObject({
      account: { id: 'u-101', name: 'Ada Okafor', username: 'ada' },
      scopes,
    })
    const before = must(await read(stage, provider), 200)
    await refresh(stage)
    await until(
      'renewed',
      async () => must(await read(stage, provider), 200).generation > before.generation,
    )
    expect(await disconnect(stage, connection?.id)).toMatchObject({ upstream: 'revoked' })
    expect(at.unexpected()).toEqual([])
  })

  test('api-key: pasted, sent in its header, and found dead', async () => {
    const at = await start()
    const preset = presetOf('api-key', at)
    const provider = String(preset.name)
    const stage = await openWith(preset, at)
    const key = at.createKey('ada')
    const { account } = must(await paste(stage, provider, key), 201)
    expect(JSON.stringify(account)).not.toContain(key)
    expect(must(await read(stage, provider), 200).header).toEqual({ name: 'X-API-Key', value: key })
    expect((await paste(stage, provider, 'key_wrong', 'other')).body.code).toBe('key_refused')
    at.revokeKey(key)
    expect(await isRefused(stage, provider)).toMatchObject({ code: 'needs_reauth' })
    expect(at.unexpected()).toEqual([])
  })

  test('basic: typed into the form, sent as a pair, and found dead', async () => {
    const at = await start()
    const preset = presetOf('basic', at)
    const provider = String(preset.name)
    const stage = await openWith(preset, at)
    const password = 'p-1~%+:x'
    at.setPassword('ada', password)
    const { confirmed, refused } = await connectByForm(stage, { provider, host: at.urls.api }, [
      { username: 'ada', password: 'wrong' },
      { username: 'ada', password },
    ])
    expect(refused).toEqual([422])
    expect(confirmed.connection).toMatchObject({ account: { id: 'ada', name: 'ada' } })
    const value = `Basic ${Buffer.from(`ada:${password}`).toString('base64')}`
    expect(must(await read(stage, provider), 200).header).toEqual({ name: 'Authorization', value })
    at.setPassword('ada', undefined)
    expect(await isRefused(stage, provider)).toMatchObject({ code: 'needs_reauth' })
    expect(at.unexpected()).toEqual([])
  })
})

describe('an issuer', () => {
  verifies('presets:discovery', async () => {
    const at = await start()
    const privateHosts = [{ origin: at.urls.issuer }, { origin: at.urls.api }]
    // A private address that is not listed is not asked.
    await expect(discoverIssuer(at.urls.issuer)).rejects.toThrow()
    expect(at.requests()).toEqual([])
    // One that calls itself otherwise is none.
    await expect(discoverIssuer(`${at.urls.issuer}/other`, { privateHosts })).rejects.toThrow()
    await expect(discoverIssuer(at.urls.api, { privateHosts })).rejects.toThrow()
  })
})
