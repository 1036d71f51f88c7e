import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { ApprovalPurpose } from '../store/approval-codes.ts'
import type { FlowRow } from '../store/flows.ts'
import type { CodePurpose } from '../store/one-time-codes.ts'
import type { SessionRow } from '../store/sessions.ts'
import { lengthPrefixed } from '../vault/bytes.ts'

/** The one use of the pepper that these MACs are under. */
export const connectPepperLabel = 'keywell/1/connect'

/** Whose flow a code opens. */
export type OpenedFlow = Pick<FlowRow, 'tenantId' | 'id' | 'sessionId' | 'userId'>

/** The session that a link opens. */
export type OpenedSession = Pick<SessionRow, 'tenantId' | 'id' | 'userId'>

/** The approval that a code opens, and the person who may decide it. */
export interface OpenedApproval {
  readonly tenantId: string
  readonly approvalId: string
  readonly personId: string
}

/** MACs of rows that decide an access and hold no sealed value: who only writes rows can make none. */
export interface ConnectMacs {
  /** Over a code, what it is for, until when, and whose flow it opens. */
  ofCode(
    code: { purpose: CodePurpose; text: string; expiresAt: Date },
    flow: OpenedFlow,
  ): Uint8Array
  /** Over a link, until when it can be opened, and whose session it opens. */
  ofLink(link: { text: string; expiresAt: Date }, session: OpenedSession): Uint8Array
  /** Over a code, what it is for, until when, and who may decide which approval by it. */
  ofApproval(
    code: { purpose: ApprovalPurpose; text: string; expiresAt: Date },
    approval: OpenedApproval,
  ): Uint8Array
  /** Over everything that a connect session says. */
  ofSession(session: SessionRow): Uint8Array
  /** What the short code of a flow is made of. Nothing of it is stored. */
  ofShortCode(flow: OpenedFlow & Pick<FlowRow, 'bindingHash'>): Uint8Array
}

export type ConnectPeppers = Pick<Peppers<ConnectMacs>, 'present' | 'find'>

export function createConnectMacs(pepper: Uint8Array): ConnectMacs {
  const hmac = (...parts: string[]) =>
    createHmac('sha256', pepper)
      .update(lengthPrefixed(...parts))
      .digest()

  return {
    ofCode: ({ purpose, text, expiresAt }, { tenantId, id, sessionId, userId }) =>
      hmac('code', purpose, tenantId, id, sessionId, userId, text, expiresAt.toISOString()),

    ofLink: ({ text, expiresAt }, { tenantId, id, userId }) =>
      hmac('link', tenantId, id, userId, text, expiresAt.toISOString()),

    ofApproval: ({ purpose, text, expiresAt }, { tenantId, approvalId, personId }) =>
      hmac(purpose, tenantId, approvalId, personId, text, expiresAt.toISOString()),

    ofSession: ({ tenantId, id, userId, policy, expiresAt }) =>
      hmac('session', tenantId, id, userId, expiresAt.toISOString(), canonicalJson(policy)),

    ofShortCode: ({ tenantId, id, sessionId, userId, bindingHash }) => {
      const browser = Buffer.from(bindingHash ?? []).toString('hex')
      return hmac('short_code', tenantId, id, sessionId, userId, browser)
    },
  }
}

/** Whether a row's MAC is the right one; not if its version of the pepper is gone. */
export async function isUnaltered(
  peppers: ConnectPeppers,
  row: { mac: Uint8Array; pepperVersion: number },
  macUnder: (macs: ConnectMacs) => Uint8Array,
): Promise<boolean> {
  const macs = await peppers.find(row.pepperVersion)
  const mac = macs && macUnder(macs)
  return mac !== undefined && mac.length === row.mac.length && timingSafeEqual(mac, row.mac)
}

/** One text for one value: the database keeps no order of the keys of an object. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
