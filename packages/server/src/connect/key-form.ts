import { KeywellError } from '@keywell/protocol'
import type { Integrations } from '../oauth/integrations.ts'
import type { ProbeParts } from '../oauth/probe.ts'
import { requireAllowedFor } from '../policy/tenant-policies.ts'
import * as store from '../store/flows.ts'
import { type ReturnParts, waitForAppMs } from './browser-return.ts'
import { type PastedKey, probeKey, requireKnownHost } from './connect-key.ts'
import { flowErrorOf } from './end-flow.ts'
import { isByKey } from './flow-record.ts'
import { changeMethod, chooseKey } from './key-choice.ts'
import { encodeFields, type ReadFields } from './key-fields.ts'
import { describeKeyForm, type KeyFormView } from './key-form-view.ts'
import {
  endWith,
  goOn,
  type OwnForm,
  openShown,
  type ShowRequest,
  type SubmittedForm,
  takeSubmitted,
} from './own-form.ts'
import { parkKey, sealCode } from './park-code.ts'
import { readTyped } from './read-typed.ts'
import { requireKeyWithin } from './scope-policy.ts'

/** Keys that one flow may send to the provider. A host may ban an address that sends too many wrong ones. */
const maxAttempts = 5

const action = 'flow.submit_key'

interface KeyFormParts extends ReturnParts, ProbeParts {
  integrations: Pick<Integrations, 'list' | 'variables'>
}

/** Of which method the form shall be; null: the one of the flow. */
interface ShowKeyForm extends ShowRequest {
  method: string | null
}

/** The form, or where the browser goes in place of it. */
export type KeyFormAnswer = { location: URL } | { form: KeyFormView }

/** The form of a flow by a key. */
export interface KeyForms {
  /**
   * Shows it to the browser of the flow. One whose flow is past it is sent back to the app.
   *
   * @throws KeywellError when there is no such flow, or it is another browser's
   */
  show(request: ShowKeyForm): Promise<KeyFormAnswer>
  /**
   * Step 6 of a flow by a key: its form comes back. The key is checked at the provider and then parked, as the code
   * of a callback is: it is stored only after the app has said which user finished the flow. A key that will not do
   * brings the form again, a few times; then the flow ends, and the app gets the reason.
   *
   * @throws KeywellError when the form is not one of this flow, browser and service; the flow goes on
   */
  submit(submitted: SubmittedForm): Promise<KeyFormAnswer>
}

export function createKeyForms(parts: KeyFormParts): KeyForms {
  return {
    show: (request) => showForm(parts, request),
    submit: (submitted) =>
      takeSubmitted(parts, submitted, kindOf(parts), (own) =>
        takeKey(parts, own, submitted.fields),
      ),
  }
}

const kindOf = (parts: KeyFormParts) =>
  ({
    action,
    leadsHere: (flow: store.FlowRow) => isByKey(parts, flow),
  }) as const

async function showForm(parts: KeyFormParts, request: ShowKeyForm): Promise<KeyFormAnswer> {
  const { method, ...asked } = request
  const { used, ...own } = await openShown(parts, asked, kindOf(parts))
  const { flow } = own
  if (used || flow.status !== 'started' || !flow.live) return goOn(parts, own)
  return { form: await describeKeyForm(parts, own, method) }
}

async function takeKey(
  parts: KeyFormParts,
  own: OwnForm,
  fields: SubmittedForm['fields'],
): Promise<KeyFormAnswer> {
  const { audit, catalogue, database, vault } = parts
  const { flow, entry } = own
  const sql = database.of(flow.tenantId)
  const provider = catalogue.get(flow.tenantId, flow.provider)
  const { keys: method } = chooseKey(provider, flow, own.session.policy, fields.method)
  const read = await readForm({ provider, method, host: flow.host }, fields)
  if ('refusal' in read) {
    const refusal = { error: read.refusal, wrongField: read.field }
    return { form: await describeKeyForm(parts, own, method.id, refusal) }
  }
  const attempts = await store.countKeyAttempt(sql, { ...flow, maxAttempts })
  // The flow has ended meanwhile, and the app reads how.
  if (attempts === undefined) return goOn(parts, own)
  const refusal = await refusalOf(parts, own, { provider, method, fields: read.fields })
  if (refusal === undefined) {
    // Sealed before the transaction: sealing may have to read a key, and there may be only one connection.
    const chosen = await changeMethod(parts, flow, method.id)
    const sealed = await sealCode(vault, chosen, encodeFields(read.fields))
    return goOn(parts, own, async (within) => {
      if (chosen !== flow) await store.changeMethod(within, chosen)
      const reason = await parkKey(within, chosen, sealed, waitForAppMs(own.session.policy))
      const result = reason === undefined ? 'ok' : 'denied'
      await audit.write(within, { ...entry, result, reason })
      await store.notifyFlow(within, flow.id)
    })
  }
  if (attempts >= maxAttempts) {
    const error = flowErrorOf(refusal)
    return goOn(parts, own, (within) => endWith(parts, within, own, { status: 'failed', error }))
  }
  await audit.write(sql, { ...entry, result: 'denied', reason: refusal.code })
  return {
    form: await describeKeyForm(parts, own, method.id, { error: refusal, wrongField: null }),
  }
}

/** The fields of the form. Blanks around them come from copying, and no key has any. */
function readForm(
  place: Pick<PastedKey, 'provider' | 'method' | 'host'>,
  fields: SubmittedForm['fields'],
): Promise<ReadFields> {
  const typed = place.method.fields.map(({ name }) => {
    const text = fields[name]
    // A form sends the ends of lines in two characters.
    return [name, typeof text === 'string' ? text.trim().replaceAll('\r\n', '\n') : '']
  })
  return readTyped(place, Object.fromEntries(typed))
}

/** Why a key will not do; undefined: it will. */
async function refusalOf(
  parts: KeyFormParts,
  { flow, session }: OwnForm,
  key: Pick<PastedKey, 'provider' | 'method' | 'fields'>,
): Promise<KeywellError | undefined> {
  const { tenantId, host } = flow
  const { provider } = key
  const sql = parts.database.of(tenantId)
  try {
    // Once more, since either may be narrower than when the flow was made. Before the key is sent anywhere.
    await requireAllowedFor(sql, tenantId, { provider, host })
    await requireKnownHost(parts, { provider, host, tenantId })
    const { scopes } = await probeKey(parts, { ...key, host, tenantId })
    requireKeyWithin(session.policy, provider, key.method, scopes)
    await requireAllowedFor(sql, tenantId, { provider, host, scopes: scopes ?? [] })
    return undefined
  } catch (error) {
    if (error instanceof KeywellError) return error
    throw error
  }
}
