/** A provider with several keys, of which the person chooses one in the form. */
import type { CreateSession } from '@keywell/protocol'
import { afterAll, beforeAll, expect } from 'vitest'
import { openEmbedded } from './support/databases.ts'
import { type KeyProvider, startKeyProvider, withSecondKey } from './support/key-provider.ts'
import { Person } from './support/person.ts'
import { appOrigin, createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const provider = 'acme-robots'
const who = { tenantId: 'ten_choice', userId: 'usr_choice' }

let watch: KeyProvider
let stage: Stage

beforeAll(async () => {
  watch = await startKeyProvider()
  stage = await createStage(await openEmbedded(), {
    providers: [withSecondKey(watch.definition)],
    privateHosts: [{ origin: watch.url }],
  })
})
afterAll(async () => {
  await stage.stop()
  await watch.stop()
})

/** The form of a new flow. */
async function open(session: Partial<CreateSession> = {}) {
  const person = new Person()
  const made = await stage.session({ ...who, methods: ['key'], ...session })
  const flow = await stage.flow(made, { provider, host: watch.url, method: 'key' })
  const page = await stage.start(person, flow)
  const state = /name="state" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
  const submit = (fields: Record<string, string>) =>
    person.visit(`${stage.url}/connect/key`, {
      init: {
        method: 'POST',
        body: new URLSearchParams({ state, ...fields }),
        headers: { origin: stage.url },
      },
      stopAt: (to) => to.origin === appOrigin,
    })
  const show = (method: string) =>
    person.visit(`${stage.url}/connect/key?${new URLSearchParams({ state, method })}`)
  return { page, show, submit }
}

/** The keys to choose from, and the one whose form it is. */
const choicesOf = (text: string) =>
  [...text.matchAll(/method=(\w+)"( aria-current="true")?>/g)].map(
    ([, id, current]) => `${id}${current === undefined ? '' : ' is shown'}`,
  )

verifies('connect:key-choice', async () => {
  const { page, show, submit } = await open()
  expect(page.text).toContain('Connect Acme Watch with an API key')
  expect(choicesOf(page.text)).toEqual(['keys is shown', 'robot_keys'])
  const second = await show('robot_keys')
  expect(second.text).toContain('Connect Acme Watch with a robot key')
  expect(second.text).toContain('Make a robot.')
  expect(choicesOf(second.text)).toEqual(['keys', 'robot_keys is shown'])

  // One that will not do brings the form of the same key again.
  const wrong = { method: 'robot_keys', site: 'a.example', apiKey: '0'.repeat(32), appKey: 'x' }
  const refused = await submit(wrong)
  expect([refused.status, choicesOf(refused.text)]).toEqual([422, ['keys', 'robot_keys is shown']])
  const right = await submit({ method: 'robot_keys', ...watch.makeKey() })
  const { connection } = must(await stage.confirm(right.url, who), 200)
  expect(connection?.method).toBe('robot_keys')

  // The session narrows them, also for a form that names another.
  const other = { ...who, userId: 'usr_narrow' }
  const narrow = await open({ ...other, methods: ['keys'] })
  expect(choicesOf(narrow.page.text)).toEqual([])
  expect((await narrow.show('robot_keys')).text).toContain('with an API key')
  const kept = await narrow.submit({ method: 'robot_keys', ...watch.makeKey() })
  expect(must(await stage.confirm(kept.url, other), 200).connection?.method).toBe('keys')

  const again = await open({ connectionId: connection?.id })
  expect(choicesOf(again.page.text)).toEqual([])
})
