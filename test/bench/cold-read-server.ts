/**
 * The server of the cold-read bench, in a process of its own: Keywell on Postgres, users who have
 * connected, and beside it a bare route that selects the same rows by the key in its body.
 */
import { openPostgres } from '@keywell/server'
import { Hono } from 'hono'
import { createStage, listen } from '../support/stage.ts'

const users = 50

const database = await openPostgres({ url: process.argv[2] ?? '', poolSize: 10 })
const stage = await createStage(database)
const bare = new Hono().post('/bare', async (c) => {
  const { tenantId, connectionId } = await c.req.json()
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
// What autovacuum does soon enough on a server that lives longer than this one.
await database.query('analyze')
process.send?.({ url: stage.url, apiKey: stage.apiKey, bareUrl: url, keys })
process.once('disconnect', () => process.exit())
