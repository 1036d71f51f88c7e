/** What webhooks say of calls that wait for a person. */
import type { Approval, Webhook } from '@keywell/protocol'
import { webhookPayloadSchema } from '@keywell/protocol'
import { isKeywellError, Keywell } from '@keywell/sdk'
import { afterAll, beforeAll, expect } from 'vitest'
import { describeEachDatabase } from './support/databases.ts'
import { createStage, must, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'

const who = { tenantId: 'ten_events', userId: 'usr_events' }

describeEachDatabase('events of approvals', (makeDatabase) => {
  let stage: Stage
  let keywell: Keywell

  beforeAll(async () => {
    stage = await createStage(await makeDatabase(), { timing: { sweepMs: 200 } })
    keywell = new Keywell({ url: stage.url, apiKey: stage.apiKey })
    await stage.connect({
      who,
      session: { scopes: { gitlab: { required: ['api'] } } },
      flow: { scopes: ['api'] },
    })
    for (const tenantId of [who.tenantId, 'ten_elsewhere', undefined]) {
      must(
        await stage.call<Webhook>('POST', '/v1/webhooks', {
          url: `${stage.sandbox.url}/hook`,
          ...(tenantId && { tenantId }),
        }),
        201,
      )
    }
  })
  afterAll(async () => {
    keywell.close()
    await stage.stop()
  })

  async function ask(): Promise<string> {
    const given = { project_id: 'lighthouse/webshop', issue_iid: 1 }
    try {
      await keywell.tools.execute('gitlab_issue_delete', given, { ...who })
    } catch (error) {
      if (isKeywellError(error) && error.tool?.approvalId) return error.tool.approvalId
      throw error
    }
    throw new Error('the call was made')
  }

  const sent = () =>
    stage.database.query<{ owner: string; type: string; data: { approvalId: string } }>(
      `select endpoint_owner as owner, type, data from webhook_deliveries
       where type like 'tool.%' order by id, endpoint_owner`,
    )

  verifies('approvals:events', async () => {
    const [approved, denied, expired] = [await ask(), await ask(), await ask()]
    const decide = (approvalId: string, decision: 'approve' | 'deny'): Promise<Approval> =>
      keywell.tools.approvals.decide({
        tenantId: who.tenantId,
        approvalId,
        decision,
        decidedBy: who.userId,
      })
    await decide(approved, 'approve')
    await decide(denied, 'deny')
    await expect(decide(denied, 'approve')).rejects.toMatchObject({ code: 'conflict' })
    await stage.database.query(
      `update approvals set ends_at = now() - interval '1 second'
       where tenant_id = $1 and state <> 'used'`,
      [who.tenantId],
    )
    const ofType = async (type: string) =>
      (await sent()).filter((each) => each.type === `tool.approval_${type}`)
    await expect.poll(() => ofType('expired'), { timeout: 10_000 }).not.toEqual([])
    // Once, however often it is swept.
    await new Promise((resolve) => setTimeout(resolve, 600))
    const owners = ['@install', who.tenantId]
    const got: Record<string, string[]> = {}
    for (const type of ['approved', 'denied', 'expired']) {
      const rows = await ofType(type)
      expect(rows.map(({ owner }) => owner)).toEqual(owners)
      got[type] = [...new Set(rows.map(({ data }) => data.approvalId))]
    }
    expect(got).toEqual({ approved: [approved], denied: [denied], expired: [expired] })
    expect(await ofType('requested')).toHaveLength(6)
    for (const { type, data } of await sent()) {
      const timestamp = new Date().toISOString()
      expect(webhookPayloadSchema.safeParse({ type, timestamp, data }).error).toBeUndefined()
      // What is sealed in the row of the approval is in no message.
      expect(Object.keys(data).sort()).toEqual([
        'approvalId',
        'connectionId',
        'endsAt',
        'tenantId',
        'tool',
      ])
    }
    const expiries = await stage.database.query(
      `select actor, reason from audit where tenant_id = $1 and action = 'approval.expire'`,
      [who.tenantId],
    )
    expect(expiries).toEqual([{ actor: 'service', reason: 'gitlab_issue_delete' }])
  })
})
