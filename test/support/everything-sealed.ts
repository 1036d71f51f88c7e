import type { FaultPoint } from '@keywell/server'
import { Person } from './person.ts'
import { must, type Stage } from './stage.ts'

/** Where secrets lie in the database, by hand: one that is missing in the product shows against this. */
export const sealedColumns = [
  'approvals.sealed',
  'credentials.sealed',
  'flows.sealed_code',
  'flows.sealed_verifier',
  'idempotent_tool_calls.sealed',
  'install_keys.sealed',
  'integrations.sealed',
  'orphans.sealed',
  'revocations.sealed',
  'webhook_endpoints.previous_sealed',
  'webhook_endpoints.sealed',
]

/** Lets another success come first, so that a pair comes too late and is kept aside. */
export function createOvertaking(database: () => Stage['database']): {
  faultPoint: FaultPoint
  /** Tenants to whose users it happens. */
  tenants: Set<string>
} {
  const tenants = new Set<string>()
  return {
    tenants,
    async faultPoint(name, { tenantId, connectionId, generation }) {
      if (name !== 'before_commit' || !tenants.has(tenantId)) return
      await setGeneration(database(), { tenantId, connectionId, generation: generation + 1 })
    },
  }
}

/**
 * Fills every sealed column of a tenant, by doing what leads to it: a connection, a pair that came late, a
 * disconnect that the provider has not received, an integration of its own, attempts under way, and a
 * webhook with two secrets.
 */
export async function sealEverything(
  stage: Stage,
  { tenantId, overtaken }: { tenantId: string; overtaken: Set<string> },
): Promise<{ who: { tenantId: string; userId: string }; id: string }> {
  const who = { tenantId, userId: 'usr_main' }
  const id = await connect(stage, who, ['api'])
  await keepOneAside(stage, { tenantId, overtaken })

  const gone = { tenantId, userId: 'usr_gone' }
  const goneId = await connect(stage, gone)
  await stage.sandbox.control.addFault({ endpoint: 'revoke', effect: { kind: 'drop' } })
  must(await stage.call('DELETE', `/v1/connections/${goneId}?${new URLSearchParams(gone)}`), 200)

  const session = await stage.session(who)
  const person = new Person()
  const page = await stage.start(person, await stage.flow(session))
  await stage.callback(person, await stage.consent(page))

  const client = { clientId: 'an-app', clientSecret: 'its-secret' }
  const integration = { tenantId, provider: 'gitlab', scopes: ['read_api'], ...client }
  must(await stage.call('POST', '/v1/integrations', integration), 201)

  const call = { ...who, tool: 'gitlab_issue_delete', arguments: { project_id: 1, issue_iid: 1 } }
  must(await stage.call('POST', '/v1/tools/execute', call), 403)

  await makeOnce(stage, {
    ...who,
    tool: 'gitlab_project_star',
    arguments: { project_id: 'lighthouse/webshop' },
  })

  const webhook = { tenantId, url: 'https://hooks.example/keywell' }
  const made = must(await stage.call<{ id: string }>('POST', '/v1/webhooks', webhook), 201)
  const rotate = `/v1/webhooks/${made.id}/rotate-secret?tenantId=${tenantId}`
  must(await stage.call('POST', rotate), 200)
  await stage.calm()
  return { who, id }
}

async function makeOnce(stage: Stage, call: object): Promise<void> {
  const response = await fetch(`${stage.url}/v1/tools/execute`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stage.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'once',
    },
    body: JSON.stringify(call),
  })
  if (!response.ok) throw new Error(`not made: ${await response.text()}`)
}

async function connect(
  stage: Stage,
  who: { tenantId: string; userId: string },
  scopes?: 'api'[],
): Promise<string> {
  const { connection } = await stage.connect({
    who,
    ...(scopes && { session: { scopes: { gitlab: { required: scopes } } }, flow: { scopes } }),
  })
  if (connection === null) throw new Error('not connected')
  return connection.id
}

async function keepOneAside(
  stage: Stage,
  { tenantId, overtaken }: { tenantId: string; overtaken: Set<string> },
): Promise<void> {
  const who = { tenantId, userId: 'usr_overtaken' }
  const connectionId = await connect(stage, who)
  const past = "now() - interval '1 second'"
  for (const change of [
    `update credentials set expires_at = ${past} where tenant_id = $1 and connection_id = $2`,
    `update refresh_schedule set refresh_at = ${past} where tenant_id = $1 and connection_id = $2`,
  ]) {
    await stage.database.query(change, [tenantId, connectionId])
  }
  overtaken.add(tenantId)
  await stage.read(who)
  overtaken.delete(tenantId)
  const orphans = await stage.database.query('select from orphans where tenant_id = $1', [tenantId])
  if (orphans.length !== 1) throw new Error('nothing was kept aside')
  await setGeneration(stage.database, { tenantId, connectionId, generation: 1 })
}

async function setGeneration(
  database: Stage['database'],
  at: { tenantId: string; connectionId: string; generation: number },
): Promise<void> {
  await database.query(
    `update credentials set generation = $3, committed_by = gen_random_uuid()
     where tenant_id = $1 and connection_id = $2`,
    [at.tenantId, at.connectionId, at.generation],
  )
}
