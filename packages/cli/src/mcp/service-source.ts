/**
 * Tools of a connection in a running service, which sends each call with the credential, and has the policy, approvals
 * and the audit log. Here is an API key, and no token of a user.
 */
import { isKeywellError } from '@keywell/protocol'
import { CheckFailure } from './checks.ts'
import type { Log } from './log.ts'
import { requireTools, serveTools, titleOf } from './profiles.ts'
import {
  createServiceTools,
  policyOf,
  type ServiceConnection,
  scopedTools,
} from './service-tools.ts'
import type { ServerSettings } from './settings.ts'
import type { Source } from './source.ts'

export function openServiceSource(
  connection: ServiceConnection,
  { settings, log }: { readonly settings: ServerSettings; readonly log: Log },
): Source {
  const { keywell, url, owner, provider } = connection
  return {
    async *check() {
      const policy = policyOf(provider, settings)
      const { tools, problem } = await scopedTools(connection, policy).catch(asFailure(url))
      yield `${url} answers, and takes the API key`
      if (problem !== undefined) throw failureOf(connection, problem)
      yield `user: ${owner.userId} of ${owner.tenantId}, connection ${tools[0]?.connectionName}`
      yield `${tools.length} tools${settings.readOnly ? ', read-only' : ''}`
    },
    async open({ profile, names }) {
      requireTools(provider, names)
      const policy = policyOf(provider, settings, { profile, names })
      const { problem } = await scopedTools(connection, policy).catch(asFailure(url))
      if (problem !== undefined) throw failureOf(connection, problem)
      log.info('serving', { url, ...owner, provider })
      const tools = createServiceTools(connection, { policy, log })
      return serveTools(tools, { provider, profile, defaultPlaces: {} })
    },
    close: async () => keywell.close(),
  }
}

type Problem = NonNullable<Awaited<ReturnType<typeof scopedTools>>['problem']>

/** Why there is no tool at all. */
function failureOf(
  { owner, provider, connectionName }: ServiceConnection,
  { reason, connectUrl }: Problem,
): CheckFailure {
  const whose = `${owner.userId} of ${owner.tenantId}`
  const connection = `connection ${connectionName ?? 'default'} to ${titleOf(provider)}`
  const connect =
    connectUrl === undefined ? 'Let the user connect in the app.' : `Connect: ${connectUrl}`
  switch (reason) {
    case 'not_connected':
      return new CheckFailure(`There is no ${connection} of ${whose}.`, connect)
    case 'needs_reauth':
      return new CheckFailure(`The ${connection} of ${whose} needs its user.`, connect)
    case 'scope_missing':
      return new CheckFailure(`The ${connection} of ${whose} has no scope of these tools.`, connect)
    case 'policy':
    case 'unknown':
      return new CheckFailure(
        `The policy of ${owner.tenantId} allows none of these tools.`,
        'Ask the operator of the service to allow some.',
      )
    default:
      reason satisfies never
      throw new TypeError('unreachable')
  }
}

function asFailure(url: string): (error: unknown) => never {
  return (error) => {
    if (!isKeywellError(error)) throw error
    throw new CheckFailure(`${url}: ${error.detail}`, error.nextStep)
  }
}
