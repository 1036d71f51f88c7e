import type { CustomProviderCheck, Secret } from '@keywell/protocol'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'

type Recorded = CustomProviderCheck['requests'][number]

/** The same way out, with a list of what was called. A definition decides about addresses, so secrets are looked for. */
export function recordCalls(
  outbound: Outbound,
  secrets: readonly Secret[],
): { outbound: Outbound; requests: Recorded[] } {
  const requests: Recorded[] = []
  const values = secrets.map((secret) => secret.expose()).filter((value) => value !== '')
  const withoutSecrets = (text: string) =>
    values.reduce(
      (left, value) => left.replaceAll(value, '…').replaceAll(encodeURIComponent(value), '…'),
      text,
    )
  return {
    requests,
    outbound: {
      ...outbound,
      async fetch(input, init = {}) {
        const { origin, pathname } = new URL(input)
        const { method = 'GET' } = init
        const call = { method, url: withoutSecrets(`${origin}${pathname}`) }
        try {
          const response = await outbound.fetch(input, init)
          requests.push({ ...call, status: response.status, outcome: 'answered' })
          return response
        } catch (error) {
          const outcome = error instanceof OutboundError ? error.reason : 'failed'
          requests.push({ ...call, status: null, outcome })
          throw error
        }
      },
    },
  }
}
