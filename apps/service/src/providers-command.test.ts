import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gitlab } from '@keywell/providers'
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
  await expect(runWith({}, ['providers', 'check', join(folder, 'none.json')])).rejects.toThrow(
    'ENOENT',
  )
})
