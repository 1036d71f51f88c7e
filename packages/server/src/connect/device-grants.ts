import { randomUUID } from 'node:crypto'
import { KeywellError } from '@keywell/protocol'
import type { MakeId } from '../ids.ts'
import type { KeptTokenSet, TokenBox } from '../oauth/token-set.ts'
import type { Database, Sql } from '../store/database.ts'
import { type FlowRow, noteGrant } from '../store/flows.ts'
import { findWaitingGrant, insertRevocation, takeWaitingGrant } from '../store/revocations.ts'
import type { SealedCode } from './park-code.ts'

/** How long after the end of its flow a grant is withdrawn that nobody confirmed, in milliseconds. */
const afterEndMs = 60_000

interface DeviceGrantParts {
  database: Database
  box: TokenBox
  makeId: MakeId
}

/**
 * Tokens that a poll brought and that nobody has confirmed yet. From the moment that they are stored they stand among the
 * grants that are to be withdrawn; the confirmation takes them out. So whatever happens in between, no grant is left
 * behind at the provider.
 */
export interface DeviceGrants {
  newId(): string
  /**
   * Stores the tokens, and what the flow knows of them. False: the flow is past it, and the grant is withdrawn from now
   * on.
   */
  hold(flow: FlowRow, grantId: string, tokens: KeptTokenSet, parked: SealedCode): Promise<boolean>
  /** @throws KeywellError `flow_expired` when they are being withdrawn */
  open(flow: FlowRow, grantId: string): Promise<KeptTokenSet>
  /** Inside the transaction that stores the connection. @throws KeywellError `flow_expired` */
  take(sql: Sql, flow: FlowRow, grantId: string): Promise<void>
}

export function createDeviceGrants({ database, box, makeId }: DeviceGrantParts): DeviceGrants {
  return {
    // There is no connection: this id names nothing but the withdrawal.
    newId: () => makeId('connection'),

    async hold(flow, grantId, tokens, { sealed: sealedCode, keyVersion }) {
      const { tenantId, id, expiresAt } = flow
      const place = { connectionId: grantId, generation: 1 }
      const sealed = await box.seal({ ...flow, ...place }, tokens)
      const row = { ...flow, ...place, ...sealed, attemptId: randomUUID() }
      return database.transaction(tenantId, async (sql) => {
        const noted = await noteGrant(sql, { tenantId, id, grantId, sealedCode, keyVersion })
        const dueAt = new Date(expiresAt.getTime() + afterEndMs)
        await insertRevocation(sql, { ...row, ...(noted && { dueAt }) })
        return noted
      })
    },

    async open({ tenantId }, grantId) {
      const row = await findWaitingGrant(database.of(tenantId), tenantId, grantId)
      if (row === undefined) throw grantGone()
      return box.open(row, row.sealed)
    },

    async take(sql, { tenantId }, grantId) {
      if (!(await takeWaitingGrant(sql, tenantId, grantId))) throw grantGone()
    },
  }
}

function grantGone(): KeywellError {
  return new KeywellError('flow_expired', 'The account was not confirmed in time.')
}
