import { KeywellError } from '@keywell/protocol'
import { isOfBrowser, type ReturnParts } from './browser-return.ts'
import type { DeviceFormView } from './device-form-view.ts'
import { type DeviceGrant, isByDevice, openStored } from './device-record.ts'
import { flowErrorOf } from './end-flow.ts'
import { readFlow } from './flow-record.ts'
import {
  endWith,
  goOn,
  type OwnForm,
  openForm,
  requireOwnForm,
  type ShowRequest,
  type SubmittedForm,
} from './own-form.ts'
import { flowMismatch } from './park-code.ts'

const action = 'device.confirm'

/** The page, or where the browser goes in place of it. */
export type DeviceFormAnswer = { location: URL } | { form: DeviceFormView }

/** The page of a flow by device authorisation, in the popup or tab that it was started in. */
export interface DeviceForms {
  /**
   * Shows the code, and then whose account it is. A flow that is past both leads back to the app.
   *
   * @throws KeywellError when there is no such flow, or it is another browser's
   */
  show(request: ShowRequest): Promise<DeviceFormAnswer>
  /**
   * Step 6 of such a flow: its person names the account that it becomes. Anybody can be talked into typing a code, so
   * that until then nothing leads to the app's confirmation.
   *
   * @throws KeywellError when the form is not one of this flow, browser and service; the flow goes on
   */
  submit(submitted: SubmittedForm): Promise<DeviceFormAnswer>
}

export function createDeviceForms(parts: ReturnParts): DeviceForms {
  return {
    show: (request) => showForm(parts, request),
    submit: (submitted) => submitForm(parts, submitted),
  }
}

async function showForm(parts: ReturnParts, request: ShowRequest): Promise<DeviceFormAnswer> {
  const { states, bindingSecret, ...by } = request
  const { used, ...own } = await openForm(parts, states, { ...by, action })
  if (!isOfBrowser(own.flow, bindingSecret) || !isByDevice(parts, own.flow)) {
    throw new KeywellError('flow_mismatch', flowMismatch.message)
  }
  return used ? goOn(parts, own) : showStep(parts, own)
}

async function showStep(parts: ReturnParts, own: OwnForm): Promise<DeviceFormAnswer> {
  const { catalogue, database } = parts
  const { session, state } = own
  const { tenantId, id } = own.flow
  const flow = await readFlow(database.of(tenantId), tenantId, id)
  if (!['started', 'confirming'].includes(flow.status)) return goOn(parts, own)
  const { returnUrl } = session.policy
  const common = {
    provider: catalogue.get(flow.tenantId, flow.provider),
    app: returnUrl === null ? null : new URL(returnUrl).host,
    state,
  }
  const stored = await openStored(parts, flow)
  if (stored.kind === 'waiting') {
    const { userCode, verificationUri, verificationUriComplete } = stored
    const page = new URL(verificationUriComplete ?? verificationUri)
    return { form: { ...common, step: { kind: 'code', userCode, page } } }
  }
  const { account } = stored
  return {
    form: {
      ...common,
      step: account === null ? { kind: 'approved' } : { kind: 'account', account },
    },
  }
}

async function submitForm(parts: ReturnParts, submitted: SubmittedForm): Promise<DeviceFormAnswer> {
  const { fields, actor, requestId } = submitted
  const { used, ...own } = await openForm(parts, [fields.state], { actor, requestId, action })
  await requireOwnForm(parts, own, submitted, isByDevice(parts, own.flow))
  if (used) return goOn(parts, own)
  if (fields.cancel !== undefined) {
    return goOn(parts, own, (sql) => endWith(parts, sql, own, { status: 'cancelled' }))
  }
  const { tenantId, id } = own.flow
  const flow = await readFlow(parts.database.of(tenantId), tenantId, id)
  if (flow.status !== 'confirming') return showStep(parts, own)
  const stored = await openStored(parts, flow)
  const refusal = stored.kind === 'grant' ? refusalOf(stored, fields.account) : undefined
  return goOn(parts, own, async (sql) => {
    if (refusal === undefined) {
      return parts.audit.write(sql, { ...own.entry, result: 'ok', reason: 'account_named' })
    }
    await endWith(parts, sql, own, { status: 'failed', error: flowErrorOf(refusal) })
  })
}

/**
 * Why the grant is not kept: another account was named than the one that approved. Undefined: it was this one.
 */
export function refusalOf(
  { account }: Pick<DeviceGrant, 'account'>,
  named: unknown,
): KeywellError | undefined {
  if (account !== null && account.id === named) return undefined
  return new KeywellError(
    'account_mismatch',
    'Another account approved the code than the one that was named. Nothing was connected.',
    { nextStep: 'Begin again, and give the code to nobody.' },
  )
}
