import type { KeywellService } from '@keywell/server'
import { expect, test } from 'vitest'
import { runWith } from './command.test.support.ts'

type Incident = Awaited<ReturnType<KeywellService['incidents']['release']>>

const id = 'inc_01JZ0000000000000000000000'

/** As the service answers them; ids are checked there. */
const incident = {
  id,
  provider: 'gitlab',
  host: 'https://gitlab.example',
  integrationId: null,
  tenantId: null,
  beganAt: '2026-01-01T00:00:00.000Z',
  confirmedAt: null,
  refusals: 12,
} as unknown as Incident

async function run(words: readonly string[]) {
  const called: string[] = []
  const answer = (verb: string) => async (of: string) => {
    called.push(`${verb} ${of}`)
    return incident
  }
  const incidents = {
    list: async () => [incident],
    release: answer('release'),
    confirm: answer('confirm'),
  }
  const { code, output: text } = await runWith({ incidents }, words)
  return { code, text, called }
}

test('an incident is shown on one line', async () => {
  const { code, text } = await run(['incidents', 'list'])
  expect(code).toBe(0)
  expect(text).toBe(
    `${id}  open  gitlab https://gitlab.example  API keys, all tenants  since 2026-01-01T00:00:00.000Z, 12 refused in a row\n`,
  )
})

test.each(['release', 'confirm'])('%s names the incident that it is about', async (verb) => {
  const { code, text, called } = await run(['incidents', verb, id])
  expect({ code, called }).toEqual({ code: 0, called: [`${verb} ${id}`] })
  expect(text).toContain(id)
})

test.each([
  ['incidents'],
  ['incidents', 'list', id],
  ['incidents', 'release'],
  ['incidents', 'confirm', id, id],
])('%s is no command of these', async (...words) => {
  expect(await run(words)).toEqual({ code: 2, text: '', called: [] })
})
