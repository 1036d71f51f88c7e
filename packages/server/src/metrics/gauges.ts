import { Gauge, type Registry } from 'prom-client'
import type { Census } from './census.ts'
import { type HostSnapshot, labelHosts } from './host-labels.ts'

/** The sources of values that are read at each scrape. */
export interface GaugeSources {
  census: () => Promise<Census | undefined>
  /** Hosts that this process calls. */
  hosts: () => readonly HostSnapshot[]
  /** Change streams that are open here. */
  streams: () => number
  /** Seconds that this machine is ahead of the database; undefined until it was measured. */
  clockSkew: () => number | undefined
}

/** Adds gauges that are read at each scrape. Without an answer of the database its numbers are left out. */
export function addGauges(registry: Registry, sources: GaugeSources): void {
  const { census } = sources
  const registers = [registry]

  new Gauge({
    name: 'keywell_connections',
    help: 'Connections that are not disconnected, of all tenants. The same in every replica.',
    labelNames: ['provider', 'status', 'health'],
    registers,
    async collect() {
      const { connections } = (await census()) ?? { connections: [] }
      this.reset()
      for (const { count, ...labels } of connections) this.set(labels, count)
    },
  })

  for (const { name, help, of } of counted) {
    // A gauge with no labels would say 0 of itself; this one has values when there are any.
    new Gauge({
      name,
      help: `${help} The same in every replica.`,
      labelNames: [],
      registers,
      async collect() {
        const taken = await census()
        if (taken === undefined) this.remove()
        else this.set(of(taken))
      },
    })
  }

  new Gauge({
    name: 'keywell_stream_clients',
    help: 'Change streams that are open in this process.',
    registers,
    collect() {
      this.set(sources.streams())
    },
  })

  new Gauge({
    name: 'keywell_clock_skew_seconds',
    help: 'How far the clock of this machine is ahead of that of the database; negative: behind.',
    registers,
    collect() {
      const skew = sources.clockSkew()
      if (skew === undefined) this.remove()
      else this.set(skew)
    },
  })

  addHostGauges(registry, sources)
}

function addHostGauges(registry: Registry, { census, hosts }: GaugeSources): void {
  const registers = [registry]
  const labels = async () => labelHosts(hosts(), (await census())?.hosts ?? [])

  new Gauge({
    name: 'keywell_hosts',
    help: 'Hosts that this process calls, by what their limiter does: lets calls go (closed), keeps them back since the host fails (open), tries (half_open), or waits as the host asked (paused). `other` are all that are not of an integration of the installation.',
    labelNames: ['host', 'state'],
    registers,
    async collect() {
      const found = await labels()
      this.reset()
      for (const { host, states } of found) {
        for (const [state, count] of Object.entries(states)) this.set({ host, state }, count)
      }
    },
  })

  for (const { name, help, of } of ofHosts) {
    new Gauge({
      name,
      help,
      labelNames: ['host'],
      registers,
      async collect() {
        const found = await labels()
        this.reset()
        for (const label of found) this.set({ host: label.host }, label[of])
      },
    })
  }
}

const ofHosts = [
  { name: 'keywell_host_calls_waiting', help: 'Calls that wait for their turn.', of: 'waiting' },
  { name: 'keywell_host_calls_running', help: 'Calls that are on their way.', of: 'running' },
  {
    name: 'keywell_host_calls_allowed',
    help: 'Calls that may go at once before the rate of this process holds.',
    of: 'tokens',
  },
] as const

const counted: readonly { name: string; help: string; of: (census: Census) => number }[] = [
  {
    name: 'keywell_work_due',
    help: 'Connections whose refresh or probe is due and not yet done.',
    of: ({ due }) => due,
  },
  {
    name: 'keywell_work_oldest_due_seconds',
    help: 'How long the oldest of them has been due.',
    of: ({ oldestDueSeconds }) => oldestDueSeconds,
  },
  {
    name: 'keywell_integrations_suspended',
    help: 'Integrations whose client the provider refuses; their connections wait.',
    of: ({ suspendedIntegrations }) => suspendedIntegrations,
  },
  {
    name: 'keywell_provider_incidents',
    help: 'Integrations, or hosts, where a provider refuses every credential; no connection ends there meanwhile.',
    of: ({ openIncidents }) => openIncidents,
  },
  {
    name: 'keywell_revocations_due',
    help: 'Grants that are still to be withdrawn at their provider.',
    of: ({ revocationsDue }) => revocationsDue,
  },
  {
    name: 'keywell_revocations_irrevocable',
    help: 'Grants that could not be withdrawn, and must be withdrawn by hand.',
    of: ({ irrevocable }) => irrevocable,
  },
  {
    name: 'keywell_webhooks_due',
    help: 'Messages in the outbox that are not delivered yet.',
    of: ({ webhooksDue }) => webhooksDue,
  },
  {
    name: 'keywell_audit_unlinked_seconds',
    help: 'How long the oldest audit entry waits for its place in the chain.',
    of: ({ auditUnlinkedSeconds }) => auditUnlinkedSeconds,
  },
]
