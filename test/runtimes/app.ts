/** A small backend, for every runtime the same: one Keywell, made once, and a route for each thing it does. */
import { Keywell } from '@keywell/sdk'

/** What a runtime's own start hands in; not every runtime has an environment. */
export interface AppSettings {
  readonly url: string
  readonly apiKey: string
  readonly webhookSecret: string
  readonly origin: string
}

export function createApp({ url, apiKey, webhookSecret, origin }: AppSettings) {
  const keywell = new Keywell({ url, apiKey, webhookSecret })

  return async (request: Request): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url)
    const tenantId = searchParams.get('tenant') ?? ''
    const query = { provider: 'gitlab', tenantId, userId: 'u' }
    switch (pathname) {
      case '/read': {
        const { ok, ...result } = await keywell.getCredential.safe(query)
        if ('error' in result) return Response.json({ ok, code: result.error.code })
        const { generation, credential } = result.credential
        return Response.json({ ok, generation, length: credential.length })
      }
      case '/held':
        return Response.json({ held: keywell.getCredentialSync(query) !== undefined })
      case '/fetch': {
        const response = await keywell.fetch(query, '/api/v4/user')
        return Response.json({ status: response.status, user: await response.json() })
      }
      case '/webhook':
        return keywell.webhooks.receive(request, () => {})
      default:
        return keywell.connectHandler(request, { tenantId, userId: 'u', origin })
    }
  }
}
