import { KeywellError, type OAuth2Method, Secret } from '@keywell/protocol'
import { z } from 'zod'
import type { Logger } from '../logger.ts'
import type { readCallback } from '../oauth/client.ts'
import { refusedBy } from '../oauth/provider-refusal.ts'
import type { Database, Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import type { Vault } from '../vault/vault.ts'
import { flowErrorOf } from './end-flow.ts'
import { flowContext, openFlowSecret, readFlow } from './flow-record.ts'
import { hashSecretText } from './one-time-code.ts'

/** What a callback says, of an installation too. */
export type CallbackAnswer =
  | ReturnType<typeof readCallback>
  | InstalledAnswer
  /** An administrator at the provider has to approve the installation first. */
  | { kind: 'approval_pending' }

interface InstalledAnswer {
  kind: 'code'
  code: string
  /** The id of an installation, which anybody can type. */
  installation: string
}

const parkedInstallation = z.object({ code: z.string(), installation: z.string() })

/** @returns the code and the id of an installation, as they were parked */
export function readParkedInstallation(parked: Secret): { code: Secret; installation: string } {
  const { code, installation } = parkedInstallation.parse(JSON.parse(parked.expose()))
  return { code: new Secret(code), installation }
}

/** A sealed authorization code, with the id of an installation where there is one; or a sealed key. */
export interface SealedCode {
  sealed: Uint8Array
  keyVersion: number
}

/** @param text a code, the code and id of an installation, or a key */
export function sealCode(vault: Vault, flow: store.FlowRow, text: string): Promise<SealedCode> {
  const context = { ...flowContext(flow), field: 'parked_code' }
  return vault.seal(context, new TextEncoder().encode(text))
}

/** What is parked of a callback. */
export function textToPark(answer: Extract<CallbackAnswer, { kind: 'code' }>): string {
  const { code } = answer
  return 'installation' in answer
    ? JSON.stringify({ code, installation: answer.installation })
    : code
}

interface Parking {
  sealed: SealedCode | undefined
  /** How long it waits for the app to say which user brought it. */
  lifeMs: number
  /** How long it lives at the provider. */
  codeLifeMs: number
  /** Of the provider. */
  title: string
}

/** Parks the code, or ends the flow. Returns the reason why it ended. */
export async function parkCode(
  sql: Sql,
  flow: store.FlowRow,
  answer: CallbackAnswer,
  { sealed, lifeMs, codeLifeMs, title }: Parking,
): Promise<string | undefined> {
  if (answer.kind !== 'code' || sealed === undefined) {
    await store.endFlow(sql, { ...flow, ...describe(answer, title) })
    return answer.kind
  }
  const isParked = await store.parkCode(sql, {
    ...flow,
    sealedCode: sealed.sealed,
    keyVersion: sealed.keyVersion,
    lifeMs: Math.min(lifeMs, codeLifeMs),
    codeHash: hashCode(answer.code),
  })
  if (isParked) return undefined
  // Either the flow had ended before, or another browser was navigated to this code.
  const isEnded = await store.endFlow(sql, { ...flow, status: 'failed', error: flowMismatch })
  return isEnded ? 'code_seen_elsewhere' : 'ended'
}

/** Parks a key that came from its form. Returns the reason why it is not parked. */
export async function parkKey(
  sql: Sql,
  flow: store.FlowRow,
  { sealed, keyVersion }: SealedCode,
  lifeMs: number,
): Promise<string | undefined> {
  const parked = { sealedCode: sealed, keyVersion, lifeMs, codeHash: noCode }
  return (await store.parkCode(sql, { ...flow, ...parked })) ? undefined : 'ended'
}

/** No browser can have been navigated to a key, so it is among no refused codes. */
const noCode = ''

/**
 * Takes the parked code or key out, for its one use. Undefined: another load of the same page took it, and its
 * outcome counts.
 *
 * @throws KeywellError `flow_expired` when it waited too long, `flow_mismatch` when the row was altered
 */
export async function takeParked(
  parts: { database: Database; vault: Pick<Vault, 'open'>; logger: Logger },
  flow: store.FlowRow,
): Promise<{ parked: Secret; verifier: Secret } | undefined> {
  const { tenantId, id } = flow
  const sql = parts.database.of(tenantId)
  const taken = await store.takeCode(sql, tenantId, id)
  if (taken === undefined) {
    const now = await readFlow(sql, tenantId, id)
    if (now.status !== 'confirming') return undefined
    throw new KeywellError('flow_expired', 'The provider’s answer waited too long to be confirmed.')
  }
  const { sealedCode, sealedVerifier } = taken
  return {
    parked: await openFlowSecret(parts, flow, { field: 'parked_code', sealed: sealedCode }),
    verifier: await openFlowSecret(parts, flow, { field: 'verifier', sealed: sealedVerifier }),
  }
}

export function hashCode(code: string): string {
  return Buffer.from(hashSecretText(code)).toString('base64url')
}

export const flowMismatch = {
  code: 'flow_mismatch',
  message:
    'This attempt was started in another browser, or for another integration. It was not continued here.',
  retryable: true,
}

export const accessDenied: store.FlowError = {
  code: 'access_denied',
  message: 'Access was denied at the provider.',
  retryable: true,
}

function describe(
  answer: CallbackAnswer,
  title: string,
): {
  status: 'denied' | 'failed'
  error: store.FlowError
} {
  if (answer.kind === 'approval_pending') {
    return { status: 'failed', error: flowErrorOf(refusedBy(title, answer.kind)) }
  }
  if (answer.kind === 'denied') {
    return { status: 'denied', error: accessDenied }
  }
  const code = answer.kind === 'error' ? ` (${answer.error})` : ''
  return {
    status: 'failed',
    error: {
      code: 'provider_error',
      message: `The provider answered with something that cannot be used${code}.`,
      retryable: true,
    },
  }
}

/** Of a provider that does not say how long its codes live. RFC 6749 section 4.1.2 allows ten minutes at most. */
const unknownCodeLifetimeSeconds = 60

export function codeLifetimeMs({ authorize }: OAuth2Method): number {
  const { codeLifetimeSeconds } = authorize
  return (codeLifetimeSeconds ?? unknownCodeLifetimeSeconds) * 1000
}
