import { KeywellError } from '@keywell/protocol'
import type { Actor } from '../audit/actor.ts'
import type { AuditAction } from '../audit/audit.ts'
import type { Sql } from '../store/database.ts'
import * as store from '../store/flows.ts'
import type { SessionRow } from '../store/sessions.ts'
import {
  type Entry,
  findFlowByState,
  isOfBrowser,
  type ReadBindingSecret,
  type ReturnParts,
  requireUnalteredRows,
  sendBack,
} from './browser-return.ts'
import { flowMismatch } from './park-code.ts'

/*
 * What the pages of the service have in common that a flow leads to in place of the provider's: the form for a key, and
 * the page of a device code.
 */

/** A form of a flow. `requireOwnForm` says whether it is its browser's and this service's. */
export interface OwnForm {
  flow: store.FlowRow
  session: SessionRow
  state: string
  entry: Entry
}

/** A form that came back. */
export interface SubmittedForm extends Actor {
  /** All that the form sent, by the names of its fields. */
  fields: Readonly<Record<string, unknown>>
  /** Of the page that the form was on, as the browser says. */
  origin: string | null
  bindingSecret: ReadBindingSecret
}

export interface ShowRequest extends Actor {
  /** Each `state` of the URL. */
  states: readonly string[]
  bindingSecret: ReadBindingSecret
}

/** Of which kind of page a caller is. */
interface PageKind {
  action: AuditAction
  /** Whether the flow leads to such a page. */
  leadsHere: (flow: store.FlowRow) => boolean
}

/** @throws KeywellError `flow_mismatch` when the flow is another browser's, or leads to another page */
export async function openShown(
  parts: ReturnParts,
  { states, bindingSecret, ...by }: ShowRequest,
  { action, leadsHere }: PageKind,
): Promise<OwnForm & { used: boolean }> {
  const own = await openForm(parts, states, { ...by, action })
  if (isOfBrowser(own.flow, bindingSecret) && leadsHere(own.flow)) return own
  throw new KeywellError('flow_mismatch', flowMismatch.message)
}

/**
 * Opens a form that came back, and lets `take` have it, but for one that came twice or that says that its person cancels.
 *
 * @throws KeywellError when the form is not one of this flow, browser and service; the flow goes on
 */
export async function takeSubmitted<Answer>(
  parts: ReturnParts,
  submitted: SubmittedForm,
  { action, leadsHere }: PageKind,
  take: (own: OwnForm) => Promise<Answer>,
): Promise<Answer | { location: URL }> {
  const { fields, actor, requestId } = submitted
  const { used, ...own } = await openForm(parts, [fields.state], { actor, requestId, action })
  await requireOwnForm(parts, own, submitted, leadsHere(own.flow))
  if (used) return goOn(parts, own)
  if (fields.cancel !== undefined) {
    return goOn(parts, own, (sql) => endWith(parts, sql, own, { status: 'cancelled' }))
  }
  return take(own)
}

/** The flow of a state, with its session. Nothing says yet that it is the browser's own. */
async function openForm(
  parts: ReturnParts,
  states: readonly unknown[],
  act: Actor & { action: AuditAction },
): Promise<OwnForm & { used: boolean }> {
  const { flow, state, used } = await findFlowByState(parts.codes, states)
  const { tenantId, userId } = flow
  const { actor, requestId, action } = act
  const entry = { actor, requestId, tenantId, userId, action }
  const session = await requireUnalteredRows(parts, flow, entry)
  return { flow, session, state, used, entry }
}

/**
 * T1, T2: the form was sent by the page that this service gave to this browser, for this flow.
 *
 * @param isKind whether the flow leads to such a form
 * @throws KeywellError `origin_not_allowed`, `flow_mismatch`; the flow goes on
 */
async function requireOwnForm(
  { database, audit, publicUrl }: ReturnParts,
  { flow, entry }: OwnForm,
  submitted: Pick<SubmittedForm, 'origin' | 'bindingSecret'>,
  isKind: boolean,
): Promise<void> {
  const reason =
    foreignPart(flow, submitted, new URL(publicUrl).origin) ?? (isKind ? undefined : 'method')
  if (reason === undefined) return
  await audit.write(database.of(flow.tenantId), { ...entry, result: 'denied', reason })
  throw reason === 'origin'
    ? new KeywellError('origin_not_allowed', 'The form was not sent from a page of this service.', {
        nextStep: 'Start again with the connect button.',
      })
    : new KeywellError('flow_mismatch', flowMismatch.message)
}

/** What does not belong to the flow; undefined: all does. */
function foreignPart(
  flow: store.FlowRow,
  { origin, bindingSecret }: Pick<SubmittedForm, 'origin' | 'bindingSecret'>,
  ownOrigin: string,
): 'origin' | 'browser' | undefined {
  if (origin !== ownOrigin) return 'origin'
  if (!isOfBrowser(flow, bindingSecret)) return 'browser'
  return undefined
}

/** Sends the browser on, after what happens in the same transaction. */
export async function goOn(
  parts: ReturnParts,
  own: OwnForm,
  first: (sql: Sql) => Promise<void> = async () => {},
): Promise<{ location: URL }> {
  return { location: await sendBack(parts, own, first) }
}

export async function endWith(
  { audit }: Pick<ReturnParts, 'audit'>,
  sql: Sql,
  { flow, entry }: OwnForm,
  end: { status: 'cancelled' | 'failed'; error?: store.FlowError },
): Promise<void> {
  await store.endFlow(sql, { ...flow, ...end })
  const reason = end.error?.code ?? end.status
  await audit.write(sql, { ...entry, result: 'denied', reason })
  await store.notifyFlow(sql, flow.id)
}
