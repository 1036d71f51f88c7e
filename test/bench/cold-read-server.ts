/**
 * The server of the cold-read bench, in a process of its own: Keywell on Postgres, users who have
 * connected, and beside it a bare route that selects what a read needs by the same key: the
 * difference is what Keywell adds, the key check, the vault and the audit row.
 */
import { Hono } from 'hono'
import { openBarePool } from '../support/bare-pool.ts'
import { openOwner } from '../support/inspected.ts'
import { createStage, listen } from '../support/stage.ts'
import { atInfo } from './at-info.ts'

const users = 50

const url = process.argv[2] ?? ''
const database = await openOwner(url)
const stage = await createStage(database, { swept: false, logger: atInfo })
/** As many connections as the service has. */
const bareQuery = openBarePool(url, 10)
const bare = new Hono().post('/bare', async (c) => {
  const { tenantId, userId, provider } = await c.req.json()
  const [row] = await bareQuery<{ sealed: Uint8Array }>(
    `select c.id, c.host, c.status, c.account, c.granted_scopes, k.type, k.generation, k.sealed,
            k.expires_at
     from connections c
     join credentials k on k.tenant_id = c.tenant_id and k.connection_id = c.id
     where c.tenant_id = $1 and c.user_id = $2 and c.provider = $3 and c.name = 'default'
       and c.status <> 'disconnected'`,
    [tenantId, userId, provider],
  )
  return c.json({ ...row, sealed: row?.sealed.length })
})
const { url: bareUrl } = await listen(() => bare)

const keys: { tenantId: string; userId: string }[] = []
for (let index = 0; index < users; index += 1) {
  const who = { tenantId: `ten_${index}`, userId: `usr_${index}` }
  await stage.connect({ who })
  keys.push(who)
}
// What autovacuum does soon enough on a server that lives longer than this one.
await database.query('analyze')
process.send?.({ url: stage.url, apiKey: stage.apiKey, bareUrl, keys })
process.once('disconnect', () => process.exit())
