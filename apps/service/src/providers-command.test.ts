import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gitlab } from '@keywell/providers'
import type { KeywellService } from '@keywell/server'
import { expect } from 'vitest'
import { define } from '../../../test/support/other-provider.ts'
import { verifies } from '../../../test/support/verifies.ts'
import { runWith } from './command.test.support.ts'

const folder = mkdtempSync(join(tmpdir(), 'keywell-definition-'))

async function check(name: string, text: string) {
  const file = join(folder, name)
  writeFileSync(file, text)
  const answer = await runWith({}, ['providers', 'check', file])
  return { ...answer, output: answer.output.replaceAll(`${folder}/`, '') }
}

verifies('custom:check-command', async () => {
  const acme = define('https://signin.acme.example', 'https://api.acme.example')
  expect(await check('acme.json', JSON.stringify(acme))).toMatchObject({
    code: 0,
    started: [],
    output: `Acme Notes (acme-notes)

Acme app (consent, oauth2): secrets may go to
  api https://api.acme.example
  client https://signin.acme.example
`,
  })
  expect((await check('gitlab.json', JSON.stringify(gitlab))).output).toContain('  client {host}\n')

  const bad = { ...acme, colour: 'red', scopePresets: [] as unknown[], name: 'Acme Notes' }
  expect(await check('bad.json', JSON.stringify(bad))).toMatchObject({
    code: 1,
    output: expect.stringMatching(
      /^bad\.json: \/name: .+\nbad\.json: \/colour: there is no such field\n$/,
    ),
  })
  expect(await check('half.json', '{"name":')).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^half\.json: is not JSON/),
  })
  const preset = {
    preset: 'api-key',
    name: 'acme-keys',
    title: 'Acme Keys',
    documentationUrl: 'https://docs.acme.example',
    base: 'https://api.acme.example',
    header: { name: 'X-Key' },
    health: { url: 'https://api.acme.example/me' },
  }
  const made = await check('preset.json', JSON.stringify(preset))
  expect(made.code).toBe(0)
  const [said, text = ''] = made.output.split('The preset makes this definition:\n')
  expect(said).toContain('  api https://api.acme.example\n')
  // It may be taken in place of the preset.
  expect((await check('made.json', text)).output).toBe(said?.slice(0, -1))
  expect((await check('bad.json', JSON.stringify({ ...preset, base: 'x' }))).output).toBe(
    'bad.json: /base: must be an address that begins with https://\n',
  )

  await expect(runWith({}, ['providers', 'check', join(folder, 'none.json')])).rejects.toThrow(
    'ENOENT',
  )
})

verifies('custom:discover-command', async () => {
  const file = join(folder, 'login.json')
  const preset = {
    preset: 'oidc',
    name: 'acme-login',
    title: 'Acme',
    documentationUrl: 'https://docs.acme.example',
    issuer: 'https://login.acme.example',
  }
  writeFileSync(file, JSON.stringify(preset))
  const discovered = {
    authorization_endpoint: 'https://login.acme.example/authorize',
    token_endpoint: 'https://login.acme.example/token',
    userinfo_endpoint: 'https://login.acme.example/userinfo',
    scopes_supported: ['openid' as const],
    client: 'client_secret_basic' as const,
    authorization_response_iss_parameter_supported: false,
  }
  const { code, output, started } = await runWith(
    {},
    ['providers', 'discover', file],
    async (issuer) => {
      expect(issuer).toBe(preset.issuer)
      return discovered
    },
  )
  expect({ code, started }).toEqual({ code: 0, started: [] })
  expect(JSON.parse(output)).toEqual({ ...preset, discovered })
  expect(await check('pinned.json', output)).toMatchObject({ code: 0 })
})

verifies('custom:reseal-command', async () => {
  const origins = ['api https://new.acme.example', 'client https://new.acme.example']
  const what = { connections: 2, integrations: 1, origins }
  const asked: object[] = []
  const providers = {
    async reseal(of: object, confirm: (what: Reseal) => Promise<boolean>) {
      asked.push(of)
      return (await confirm(what)) ? what : null
    },
  }
  const reseal = (...words: string[]) =>
    runWith({ providers }, ['providers', 'reseal', 'acme-notes', ...words])
  const seen = await reseal()
  expect(seen.code).toBe(1)
  expect(seen.output).toContain('2 connections and 1 integrations')
  for (const origin of origins) expect(seen.output).toContain(`  ${origin}\n`)
  expect(seen.output).toContain('Nothing was changed.')
  const done = await reseal('--yes', '--tenant', 'ten_a')
  expect(done).toMatchObject({ code: 0, output: expect.stringMatching(/Done\.\n$/) })
  expect(asked).toEqual([
    { name: 'acme-notes', tenantId: undefined },
    { name: 'acme-notes', tenantId: 'ten_a' },
  ])
})

type Reseal = Parameters<Parameters<KeywellService['providers']['reseal']>[1]>[0]
