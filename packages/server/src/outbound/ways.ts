import { Agent, type buildConnector, type Dispatcher } from 'undici'
import { createPolicy, type Policy } from './policy.ts'
import type { ListedHost } from './private-hosts.ts'

/** A rule, and the sockets that were opened under it. */
export interface Way {
  readonly policy: Policy
  /** Whether the host is limited to others than the caller. */
  readonly isForOthers: boolean
  dispatcherFor(method: string): Dispatcher
}

export interface Ways {
  /** The way that a caller takes to an origin; undefined is the service itself. */
  of(call: { origin: string; tenantId: string | undefined }): Way
  close(): Promise<void>
}

/**
 * Two ways out: one for everybody, and one for tenants at hosts that are limited to them. They share no
 * socket, so that one which stays open after a call is never a permission for whoever comes next.
 */
export function createWays(
  list: readonly ListedHost[],
  options: {
    connectorOf: (policy: Policy) => buildConnector.connector
    maxHeaderBytes: number
  },
): Ways {
  const open = (usable: readonly ListedHost[]) => openWay(createPolicy({ list, usable }), options)
  const limited = new Map(
    list.flatMap((host) => (host.tenants ? [[host.origin, host.tenants]] : [])),
  )
  const forEverybody = open(list.filter(({ tenants }) => tenants === undefined))
  const forTheNamed = open(list.filter(({ tenants }) => tenants !== undefined))
  const forTheOthers: Way = { ...forEverybody, isForOthers: true }
  let closing: Promise<unknown> | undefined

  return {
    of({ origin, tenantId }) {
      const tenants = limited.get(origin)
      if (tenants === undefined) return forEverybody
      const isNamed = tenantId !== undefined && tenants.has(tenantId)
      return isNamed ? forTheNamed : forTheOthers
    },
    close() {
      closing ??= Promise.all([forEverybody.close(), forTheNamed.close()])
      return closing.then(() => {})
    },
  }
}

function openWay(
  policy: Policy,
  options: Parameters<typeof createWays>[1],
): Way & { close(): Promise<unknown> } {
  const agentOptions: Agent.Options = {
    connect: options.connectorOf(policy),
    maxHeaderSize: options.maxHeaderBytes,
    // The deadline of the whole call stands in for both.
    headersTimeout: 0,
    bodyTimeout: 0,
  }
  // A kept connection can be closed by the other side just as we write to it. For a read that is a
  // nuisance; for a refresh token it would be a loss, so whatever changes something gets a new one.
  const keeping = new Agent(agentOptions)
  const fresh = new Agent({ ...agentOptions, pipelining: 0 })
  return {
    policy,
    isForOthers: false,
    dispatcherFor: (method) => (method === 'GET' || method === 'HEAD' ? keeping : fresh),
    close: () => Promise.all([keeping.close(), fresh.close()]),
  }
}
