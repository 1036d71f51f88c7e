import { accountSchema, type ProviderAccount, Secret } from '@keywell/protocol'
import { findMethod, isDeviceOnly } from '@keywell/providers'
import { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import type { Logger } from '../logger.ts'
import type { FlowRow } from '../store/flows.ts'
import type { Vault } from '../vault/vault.ts'
import { flowOver, openFlowSecret } from './flow-record.ts'

/** While a person decides: what they type, and what is polled with. */
export interface WaitingDevice {
  deviceCode: Secret
  userCode: string
  verificationUri: string
  verificationUriComplete: string | null
}

/** What a poll brought, but for the tokens: they wait among the grants that are to be withdrawn. */
export interface DeviceGrant {
  grantId: string
  /** Null: it was not looked up yet. */
  account: ProviderAccount | null
  /** Where the account lives. */
  host: string
  scopes: readonly string[]
  /** Milliseconds since 1970; null: it has no end, or none was told. */
  expiresAt: number | null
  refreshExpiresAt: number | null
}

type StoredDevice = ({ kind: 'waiting' } & WaitingDevice) | ({ kind: 'grant' } & DeviceGrant)

const waitingSchema = z.object({
  kind: z.literal('waiting'),
  deviceCode: z.string().transform((text) => new Secret(text)),
  userCode: z.string(),
  verificationUri: z.string(),
  verificationUriComplete: z.string().nullable(),
})

const grantSchema = z.object({
  kind: z.literal('grant'),
  grantId: z.string(),
  account: accountSchema.nullable(),
  host: z.string(),
  scopes: z.array(z.string()),
  expiresAt: z.number().nullable(),
  refreshExpiresAt: z.number().nullable(),
})

const storedSchema = z.discriminatedUnion('kind', [waitingSchema, grantSchema])

/** As it is sealed, where a flow by consent has its parked code. */
export function encodeWaiting(device: WaitingDevice): string {
  const { deviceCode, userCode, verificationUri, verificationUriComplete } = device
  return JSON.stringify({
    kind: 'waiting',
    deviceCode: deviceCode.expose(),
    userCode,
    verificationUri,
    verificationUriComplete,
  })
}

/** The same of what a poll brought. */
export function encodeGrant(grant: DeviceGrant): string {
  return JSON.stringify({ kind: 'grant', ...grant })
}

/** Whether a person types a code of the provider, in place of consenting on its page in the flow's own browser. */
export function isByDevice({ catalogue }: { catalogue: Catalogue }, flow: FlowRow): boolean {
  if (flow.mode === 'device') return true
  const method = findMethod(catalogue.get(flow.tenantId, flow.provider), flow.method)
  return method !== undefined && isDeviceOnly(method)
}

type OpenParts = { vault: Pick<Vault, 'open'>; logger: Logger }

/**
 * What is sealed in the row of a flow.
 *
 * @throws KeywellError `flow_mismatch` when the row was altered, after an alarm; `flow_expired` when there is nothing
 */
export async function openStored(
  parts: OpenParts,
  { sealedCode: sealed, ...flow }: FlowRow,
): Promise<StoredDevice> {
  if (sealed === null) throw flowOver()
  const opened = await openFlowSecret(parts, flow, { field: 'parked_code', sealed })
  return storedSchema.parse(JSON.parse(opened.expose()))
}

/** The grant, of what was taken out of the row already. */
export function decodeGrant(parked: Secret): DeviceGrant {
  return grantSchema.parse(JSON.parse(parked.expose()))
}
