import type {
  ConfirmAnswer,
  CreateFlow,
  CreateSession,
  DeviceFlow,
  DeviceStart,
  StartDevice,
} from '@keywell/protocol'
import { Person } from './person.ts'
import { appOrigin, must, type Stage } from './stage.ts'

/** What a provider's page shows once an app is registered there. */
export interface RegisteredClient {
  clientId: string
  clientSecret: string
}

/** Makes an integration of an app that is registered with its redirect URI; answers the integration's id. */
export async function integrate(
  stage: Stage,
  app: { provider: string; scopes: readonly string[]; variables?: Record<string, string> },
  register: (redirectUri: string) => RegisteredClient | Promise<RegisteredClient>,
): Promise<string> {
  const draft = must(
    await stage.call<{ id: string; redirectUri: string }>('POST', '/v1/integrations', app),
    201,
  )
  const { clientId, clientSecret } = await register(draft.redirectUri)
  const path = `/v1/integrations/${draft.id}/client`
  must(await stage.call('PUT', path, { clientId, clientSecret }), 200)
  return draft.id
}

interface Journey {
  provider: string
  who: { tenantId: string; userId: string }
  session?: Partial<CreateSession>
  flow?: Partial<CreateFlow>
  /**
   * What the user does at the provider's page: answers the address that the browser is sent back to. Default: the
   * provider asks nothing, and redirects at once.
   */
  consent?: (page: URL) => Promise<URL>
}

/** A user connects in a browser, from the app's page to the app's confirmation. */
export async function connectInBrowser(
  stage: Stage,
  { provider, who, session, flow, consent }: Journey,
): Promise<ConfirmAnswer> {
  const { connectToken } = await stage.session({ ...who, ...session })
  const path = '/connect/flows'
  const started = must(
    await stage.page<{ startUrl: string; startCode: string }>(connectToken, 'POST', path, {
      provider,
      ...flow,
    }),
    201,
  )
  const person = new Person()
  const service = new URL(stage.url).origin
  const start = {
    method: 'POST',
    body: new URLSearchParams({ start_code: started.startCode }),
    headers: { origin: appOrigin },
  }
  const atApp = (to: URL) => to.origin === appOrigin
  if (consent === undefined) {
    const { url } = await person.visit(started.startUrl, { init: start, stopAt: atApp })
    return must(await stage.confirm(url, who), 200)
  }
  const page = await person.visit(started.startUrl, {
    init: start,
    stopAt: (to) => to.origin !== service,
  })
  const { url } = await person.visit(await consent(page.url), { stopAt: atApp })
  return must(await stage.confirm(url, who), 200)
}

/** A user connects by a code, from a backend that asks for one to the backend's confirmation. */
export async function connectByCode(
  stage: Stage,
  request: StartDevice & { userId: string },
  /** What is done at the provider's page. */
  typeCode: (userCode: string) => Promise<void>,
  limitMs: number,
): Promise<Pick<DeviceFlow, 'status' | 'connection' | 'error'>> {
  const path = '/v1/connect/device'
  const begun = await stage.call<DeviceStart & DeviceFlow['error']>('POST', path, {
    ...request,
    device: true,
  })
  if (begun.status !== 201) return { status: 'failed', connection: null, error: begun.body }
  const { flowId, userCode } = begun.body
  await typeCode(userCode)
  await stage.database.query('update device_polls set due_at = now() where flow_id = $1', [flowId])
  const { tenantId, userId } = request
  const query = new URLSearchParams({ tenantId, waitMs: `${Math.min(limitMs, 25_000)}` })
  const found = must(await stage.call<DeviceFlow>('GET', `${path}/${flowId}?${query}`), 200)
  if (found.account === null) return found
  const named = { tenantId, userId, accountId: found.account.id }
  return must(await stage.call<DeviceFlow>('POST', `${path}/${flowId}/confirm`, named), 200)
}
