import { KeywellError } from '@keywell/protocol'
import type { FlowRow } from '../store/flows.ts'
import type { ReturnParts } from './browser-return.ts'
import type { DeviceFormView } from './device-form-view.ts'
import { type DeviceGrant, isByDevice, openStored } from './device-record.ts'
import { flowErrorOf } from './end-flow.ts'
import { readFlow } from './flow-record.ts'
import {
  endWith,
  goOn,
  type OwnForm,
  openShown,
  type ShowRequest,
  type SubmittedForm,
  takeSubmitted,
} from './own-form.ts'

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
    submit: (submitted) =>
      takeSubmitted(parts, submitted, kindOf(parts), (own) =>
        takeName(parts, own, submitted.fields.account),
      ),
  }
}

const kindOf = (parts: ReturnParts) =>
  ({
    action,
    leadsHere: (flow: FlowRow) => isByDevice(parts, flow),
  }) as const

async function showForm(parts: ReturnParts, request: ShowRequest): Promise<DeviceFormAnswer> {
  const { used, ...own } = await openShown(parts, request, kindOf(parts))
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

async function takeName(
  parts: ReturnParts,
  own: OwnForm,
  named: unknown,
): Promise<DeviceFormAnswer> {
  const { tenantId, id } = own.flow
  const flow = await readFlow(parts.database.of(tenantId), tenantId, id)
  if (flow.status !== 'confirming') return showStep(parts, own)
  const stored = await openStored(parts, flow)
  const refusal = stored.kind === 'grant' ? refusalOf(stored, named) : undefined
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
