/** What the service adds to a request to the provider: key check, connection, policy, audit before and after, vault. */
import { openOwner } from '../support/inspected.ts'
import { createMigrated } from '../support/migrated.ts'
import { startPostgres, withDatabase } from '../support/postgres.ts'
import { createStage, must, type Stage } from '../support/stage.ts'
import { isShort, quantile } from './contest.ts'
import type { Figure } from './figure.ts'
import { added, inTurn, milliseconds, throughput } from './turns.ts'

const who = { tenantId: 'ten_bench', userId: 'usr_bench' }
const tool = 'gitlab_issues_list'
const args = { project_id: 'lighthouse/webshop', per_page: 20 }
const calls = isShort ? 20 : 2_000

/** Service, stand-in and caller in one process, on a Postgres that writes to disk. */
export async function throughService(): Promise<Figure[]> {
  const postgres = await startPostgres({ durable: true })
  await createMigrated(postgres.url, 'tools')
  const database = await openOwner(withDatabase(postgres.url, 'tools'))
  const stage = await createStage(database, { role: 'serve', swept: false })
  try {
    return await measure(stage)
  } finally {
    await stage.stop()
    await database.close()
    await postgres.stop()
  }
}

async function measure(stage: Stage): Promise<Figure[]> {
  const policy = { toolRules: { gitlab: { rateLimit: { calls: 0, windowMs: 60_000 } } } }
  must(await stage.call('PUT', `/v1/tenants/${who.tenantId}/policy`, policy), 200)
  await stage.connect({ who })
  const token = String((await stage.read(who)).body.credential)
  const path = `/api/v4/projects/${encodeURIComponent(args.project_id)}/issues?per_page=20`
  const direct = async () => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${stage.sandbox.url}${path}`, { headers })
    if (!answer.ok) throw new Error(`The stand-in answered ${answer.status}.`)
    return answer.json()
  }
  const call = async () =>
    must(await stage.call('POST', '/v1/tools/execute', { ...who, tool, arguments: args }), 200)
  await inTurn(direct, call, isShort ? 1 : 200)
  const times = await inTurn(direct, call, calls)
  return [
    milliseconds('direct call, p50', quantile(times.bare, 0.5), null),
    milliseconds('added by the service, p50', added(times, 0.5), 5),
    milliseconds('added by the service, p99', added(times, 0.99), 20),
    await throughput('calls through the service', call, calls),
  ]
}
