import type { ProviderAccount, ProviderDefinition } from '@keywell/protocol'

/** The page of a device code, as data. */
export interface DeviceFormView {
  provider: Pick<ProviderDefinition, 'name' | 'title'>
  /** The app that gets the connection, by the host of its return URL; null: nothing leads back to it. */
  app: string | null
  /** What the form sends along, so that its flow is found. */
  state: string
  step: /** Its person types the code at the provider. */
    | { kind: 'code'; userCode: string; page: URL }
    /** Somebody has approved it: the person says whether this is their account. */
    | { kind: 'account'; account: ProviderAccount }
    /** Somebody has, and whose account it is, is being looked up. */
    | { kind: 'approved' }
}

/** Path of the page, whose forms are sent to the same. */
export const deviceFormPath = '/connect/device'

/** The page of a flow. Its state names the flow, as it does in a callback. */
export function deviceFormUrl(publicUrl: string, state: string): URL {
  const url = new URL(`${publicUrl}${deviceFormPath}`)
  url.searchParams.set('state', state)
  return url
}
