import { gitlab } from '@keywell/providers'
import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import { openEmbedded } from '../../../../test/support/databases.ts'
import type { TestDatabase } from '../../../../test/support/inspected.ts'
import { ManualTimers } from '../../../../test/support/manual-timers.ts'
import { until } from '../../../../test/support/until.ts'
import { verifies } from '../../../../test/support/verifies.ts'
import { createCatalogue } from '../catalogue.ts'
import { createDefinitionMacs, encodeDefinition } from '../definition-versions/stored-definition.ts'
import type { Logger } from '../logger.ts'
import { insertDefinition } from '../store/provider-versions.ts'
import { installation } from '../store/scope.ts'
import { SwitchableDatabase } from '../store/switchable.test.support.ts'
import { FollowedDefinitions } from './followed-definitions.ts'
import { renewMacs } from './renew-macs.ts'

const owner = 'ten_acme'
const notes = { ...gitlab, name: 'x-notes', title: 'Notes' }
const macs = createDefinitionMacs(new Uint8Array(32).fill(1))
const laterMacs = createDefinitionMacs(new Uint8Array(32).fill(2))

let database: TestDatabase
beforeAll(async () => {
  database = await openEmbedded()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.query('delete from provider_versions')
})

async function write(of = owner, definition = notes): Promise<void> {
  const named = { owner: of, name: definition.name, ...encodeDefinition(definition) }
  await database.transaction(of, async (sql) => {
    await insertDefinition(sql, { ...named, actor: 'test', mac: macs.of(named), pepperVersion: 1 })
  })
}

async function follow() {
  const catalogue = createCatalogue([gitlab])
  const lines: Record<string, unknown>[] = []
  const log = (fields: object, msg: string) => void lines.push({ ...fields, msg })
  const away = new SwitchableDatabase(database)
  const timers = new ManualTimers()
  const followed = new FollowedDefinitions({
    catalogue,
    database: away,
    peppers: { find: async (version) => (version === 1 ? macs : undefined) },
    logger: { debug: log, info: log, warn: log, error: log } as Logger,
    after: timers.after,
  })
  await followed.start()
  return {
    away,
    catalogue,
    followed,
    lines,
    timers,
    titleFor: (tenantId: string, name = 'x-notes') => catalogue.find(tenantId, name)?.title,
  }
}

verifies('custom:notices', async () => {
  await write()
  const { away, followed, lines, timers, titleFor } = await follow()
  expect(titleFor(owner)).toBe('Notes')

  await write('ten_other')
  followed.changed({ kind: 'providers', tenantId: 'ten_other' as never })
  await until('taken up', () => titleFor('ten_other') === 'Notes')

  // While the database is away, what is there stays; what was named is read when it is back.
  await database.query(`update provider_versions set in_force = false where tenant_id = $1`, [
    owner,
  ])
  away.away = true
  followed.changed({ kind: 'providers', tenantId: owner as never })
  await until('named in the log', () =>
    lines.some(({ msg }) => msg === 'provider definitions unreadable'),
  )
  expect(titleFor(owner)).toBe('Notes')
  away.away = false
  timers.advance(500)
  await until('taken up', () => titleFor(owner) === undefined)

  // A log that names nothing: a database that was put back, for one.
  await database.query(`delete from provider_versions where tenant_id = 'ten_other'`)
  await write(installation, { ...gitlab, name: 'acme', title: 'Acme' })
  timers.advance(300_000)
  await until('taken up', () => titleFor('ten_other', 'acme') === 'Acme')
  expect(titleFor('ten_other')).toBeUndefined()
})

verifies('T35:planted-definition', async () => {
  const changes: readonly string[] = [
    // Planted, under a MAC that was not made for it.
    `definition = replace(definition, 'https://gitlab.com', 'https://evil.example')`,
    `name = 'x-other'`,
    `tenant_id = 'ten_thief'`,
    `digest = repeat('0', 64)`,
    `mac = '\\x00'`,
    `pepper_version = 2`,
  ]
  for (const change of changes) {
    await database.query('delete from provider_versions')
    await write()
    await database.query(`update provider_versions set ${change}`)
    const { catalogue, lines } = await follow()
    for (const tenantId of [owner, 'ten_thief']) {
      expect(catalogue.list(tenantId), change).toEqual([gitlab])
    }
    expect(lines, change).toMatchObject([{ alarm: 'provider_definition_altered' }])
  }
})

verifies('T35:left-definitions', async () => {
  await write()
  await database.query('update provider_versions set in_force = false')
  await write(owner, { ...notes, title: 'Newer' })
  await database.query('update provider_versions set in_force = false')
  expect((await follow()).titleFor(owner), 'taken out of force').toBeUndefined()
  await database.query('update provider_versions set in_force = true where version = 1')
  expect((await follow()).titleFor(owner), 'an older one was put back').toBe('Notes')
})

verifies('custom:new-key', async () => {
  await write()
  const find = async (version: number) => [undefined, macs, laterMacs][version]
  const peppers = { present: () => ({ version: 2, macs: laterMacs }), find }
  await renewMacs({ database, peppers })
  const rows = await database.query(
    `select encode(mac, 'hex') as mac, pepper_version as version from provider_versions`,
  )
  const named = { owner, name: notes.name, ...encodeDefinition(notes) }
  expect(rows).toEqual([{ mac: Buffer.from(laterMacs.of(named)).toString('hex'), version: 2 }])
  // One that was changed by hand is not made right by it.
  await database.query(`update provider_versions set mac = '\\x00', pepper_version = 1`)
  await renewMacs({ database, peppers })
  expect(await database.query('select pepper_version as version from provider_versions')).toEqual([
    { version: 1 },
  ])
})
