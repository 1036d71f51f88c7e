import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { createPolicy, type Policy } from './policy.ts'
import type { ListedHost } from './private-hosts.ts'

/** A rule, and the sockets that were opened under it. */
export interface Route {
  readonly policy: Policy
  /** Whether the host is restricted to tenants other than the caller. */
  readonly isForOthers: boolean
  dispatcherFor(method: string): Dispatcher
}

export interface Routes {
  /** The route of a call to an origin; a call without a tenant is the service's own. See `OutboundInit` for `isOwn`. */
  of(call: { origin: string; tenantId: string | undefined; isOwn: boolean }): Route
  close(): Promise<void>
}

/**
 * Three routes: the default one, one for tenants at hosts that are restricted to them, and one for the definitions of
 * tenants, to which nothing is listed. They share no socket, so that a socket which stays open after a call never
 * gives the next tenant access.
 */
export function createRoutes(
  list: readonly ListedHost[],
  options: {
    connectorOf: (policy: Policy) => buildConnector.connector
    maxHeaderBytes: number
  },
): Routes {
  const open = (usable: readonly ListedHost[]) => openRoute(createPolicy({ list, usable }), options)
  const limited = new Map(
    list.flatMap((host) => (host.tenants ? [[host.origin, host.tenants]] : [])),
  )
  const defaultRoute = open(list.filter(({ tenants }) => tenants === undefined))
  const allowedTenants = open(list.filter(({ tenants }) => tenants !== undefined))
  const otherTenants: Route = { ...defaultRoute, isForOthers: true }
  const ownRoute = open([])
  const ownDefinitions: Route = { ...ownRoute, isForOthers: true }
  let closing: Promise<unknown> | undefined

  return {
    of({ origin, tenantId, isOwn }) {
      const tenants = limited.get(origin)
      if (tenantId !== undefined && tenants?.has(tenantId)) return allowedTenants
      if (isOwn) return ownDefinitions
      return tenants === undefined ? defaultRoute : otherTenants
    },
    close() {
      closing ??= Promise.all(
        [defaultRoute, allowedTenants, ownRoute].map((route) => route.close()),
      )
      return closing.then(() => {})
    },
  }
}

function openRoute(
  policy: Policy,
  options: Parameters<typeof createRoutes>[1],
): Route & { close(): Promise<unknown> } {
  const agentOptions: Agent.Options = {
    connect: options.connectorOf(policy),
    maxHeaderSize: options.maxHeaderBytes,
    // The deadline of the whole call stands in for both.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  // A kept connection can be closed by the other side just as we write to it. For a read that is a
  // nuisance; for a refresh token it would be a loss, so whatever changes something gets a new one.
  const keepAlive = new Agent(agentOptions)
  const fresh = new Agent({ ...agentOptions, pipelining: 0 })
  return {
    policy,
    isForOthers: false,
    dispatcherFor: (method) => (method === 'GET' || method === 'HEAD' ? keepAlive : fresh),
    close: () => Promise.all([keepAlive.close(), fresh.close()]),
  }
}
