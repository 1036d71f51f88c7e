/**
 * The server of the cold-read bench, in a process of its own: Keywell on Postgres, users who have
 * connected, and beside it a bare route that selects the same rows by their key.
 */
import { openPostgres } from '@keywell/server'
import { Hono } from 'hono'
import { createStage, listen } from '../support/stage.ts'

const users = 50

const database = await openPostgres({ url: process.argv[2] ?? '', poolSize: 10 })
const stage = await createStage(database)
const bare = new Hono().get('/bare/:tenantId/:connectionId', async (c) => {
  const { tenantId, connectionId } = c.req.param()
  const [row] = await database.query<{ generation: number; sealed: Uint8Array; expires_at: Date }>(
    'select * from credentials where tenant_id = $1 and connection_id = $2',
    [tenantId, connectionId],
  )
  return c.json({ generation: row?.generation, size: row?.sealed.length, end: row?.expires_at })
})
const { url } = await listen(() => bare)

const keys: { tenantId: string; userId: string; connectionId: string | undefined }[] = []
for (let index = 0; index < users; index += 1) {
  const who = { tenantId: `ten_${index}`, userId: `usr_${index}` }
  keys.push({ ...who, connectionId: (await stage.connect({ who })).connection?.id })
}
process.send?.({ url: stage.url, apiKey: stage.apiKey, bareUrl: url, keys })
process.once('disconnect', () => process.exit())
