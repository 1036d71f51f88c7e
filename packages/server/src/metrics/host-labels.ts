/** One host that calls go to, as its limiter describes it. */
export interface HostSnapshot {
  readonly origin: string
  readonly state: HostCondition
  readonly waiting: number
  readonly running: number
  readonly tokens: number
}

export type HostCondition = 'closed' | 'open' | 'half_open' | 'paused'

/** The values of one label: a host that has a name here, or all others together. */
export interface HostLabel {
  readonly host: string
  readonly states: Readonly<Record<HostCondition, number>>
  readonly waiting: number
  readonly running: number
  readonly tokens: number
}

/** Named hosts at most. */
export const maxNamedHosts = 50

/**
 * Hosts as labels, however many there are: those of the installation's own integrations have a name,
 * everything else (a tenant's own instance, and whatever a tenant may bring) is `other`. So no tenant
 * decides how long the answer gets, nor has the address of its instance shown.
 *
 * @param named base URLs of the installation's integrations, relative root and all
 */
export function labelHosts(
  snapshots: readonly HostSnapshot[],
  named: readonly string[],
): HostLabel[] {
  const names = new Set(
    [...new Set(named.filter((host) => URL.canParse(host)).map(hostOf))].slice(0, maxNamedHosts),
  )
  const labels = new Map<string, HostLabel>()
  for (const snapshot of snapshots) {
    const name = hostOf(snapshot.origin)
    const host = names.has(name) ? name : 'other'
    labels.set(host, add(labels.get(host) ?? empty(host), snapshot))
  }
  return [...labels.values()]
}

function add(label: HostLabel, { state, waiting, running, tokens }: HostSnapshot): HostLabel {
  return {
    host: label.host,
    states: { ...label.states, [state]: label.states[state] + 1 },
    waiting: label.waiting + waiting,
    running: label.running + running,
    tokens: label.tokens + tokens,
  }
}

function empty(host: string): HostLabel {
  const states = { closed: 0, open: 0, half_open: 0, paused: 0 }
  return { host, states, waiting: 0, running: 0, tokens: 0 }
}

const hostOf = (url: string): string => new URL(url).host
