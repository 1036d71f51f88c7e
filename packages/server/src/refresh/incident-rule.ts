/**
 * When a provider's word is enough to end a connection, as pure functions. A provider that has an incident can
 * refuse every credential for a while, with the same answers as for a withdrawn grant. Then nothing may end.
 */
import type { ProviderAnswer } from '../store/provider-incidents.ts'

/** Where an incident can be: an integration at its host, or all API keys of a host. */
export const incidentLimits = {
  /** Answers that count: the newest ones, one for each connection, and no older than `windowMs`. */
  answers: 21,
  /** More refusals than this among them are an incident. Fewer connections than this are never held. */
  refusals: 10,
  /** Of another tenant, at most so many answers count: no tenant alone can hold what another has. */
  ofOtherTenant: 5,
  /** So many refusals in a row, over `Timing.incidentConfirmMs`, and none answered well: the grants are gone. */
  sample: 20,
} as const

/** Who an incident is of: all tenants of an integration, or the one whose connections alone are refused. */
export type IncidentScope = 'every_tenant' | 'one_tenant'

export interface OpenIncident {
  /** Since its beginning, or since a connection was last answered well. */
  refusingForMs: number
  /** How many were refused in that time, this one included. */
  refusals: number
  /** The refusals are known to be true. */
  confirmed: boolean
}

/** What is known when a connection is refused for good. */
export interface Refusal {
  tenantId: string
  /** Connections of the integration, or of the host. Counted no further than is needed. */
  connections: number
  /** Since when nothing but refusals came of this connection; null: this is the first. */
  refusedForMs: number | null
  /** Since it was last refused; null: it was not, or that was in an incident that is over. */
  lastRefusedForMs: number | null
  /** How long ago its attempt began. */
  attemptMs: number
  /** Those of the other connections, the newest first. */
  answers: readonly ProviderAnswer[]
  /** The incident that covers this connection. */
  incident: OpenIncident | null
}

/**
 * `end`: the connection ends. `wait`: it is refused again first, and `others` are asked meanwhile. `hold`: the provider
 * refuses every credential, and nothing ends.
 */
export type RefusalDecision =
  | { do: 'end'; confirms: boolean }
  | { do: 'wait'; others: number }
  | { do: 'hold'; opens: IncidentScope | null }

export interface IncidentTimes {
  incidentWindowMs: number
  incidentConfirmMs: number
}

/** Asked before a connection ends by a provider's word; never before a user's or an operator's act. */
export function decideRefusal(refusal: Refusal, times: IncidentTimes): RefusalDecision {
  const { incident, tenantId, refusedForMs, lastRefusedForMs } = refusal
  const ends = { do: 'end', confirms: false } as const
  // No other explanation is waited for any longer.
  const isOld = refusedForMs !== null && refusedForMs >= times.incidentConfirmMs
  if (incident !== null) {
    if (incident.confirmed) return ends
    if (isConfirmed(incident, times)) return { do: 'end', confirms: true }
    return isOld ? ends : { do: 'hold', opens: null }
  }
  if (refusal.connections <= incidentLimits.refusals) return ends
  const answers = [{ tenantId, refused: true, agoMs: 0 }, ...refusal.answers]
  if (areRefused(answers, allTenants)) return { do: 'hold', opens: 'every_tenant' }
  if (areRefused(answers, { tenantId })) return { do: 'hold', opens: 'one_tenant' }
  const others = fewOfEach(refusal.answers, (other) => other !== tenantId)
  // As many as can outweigh what was refused.
  const wait = { do: 'wait', others: 2 + others.filter(({ refused }) => refused).length } as const
  if (refusedForMs === null || lastRefusedForMs === null) return wait
  if (othersLive(refusal, lastRefusedForMs)) return ends
  if (refusedForMs < times.incidentWindowMs) return wait
  // Others were asked all the while. Few tenants with few connections each are seen to be refused by this alone.
  const isAnyWell = refusal.answers.some(({ refused }) => !refused)
  return isAnyWell ? ends : { do: 'hold', opens: 'every_tenant' }
}

/** Whether these answers, the newest first, are those of an incident of all tenants, or of one. */
export function areRefused(
  answers: readonly ProviderAnswer[],
  of: { tenantId: string } | typeof allTenants,
): boolean {
  const counted =
    of === allTenants
      ? fewOfEach(answers, () => true)
      : answers.filter(({ tenantId }) => tenantId === of.tenantId)
  const newest = counted.slice(0, incidentLimits.answers)
  return newest.filter(({ refused }) => refused).length > incidentLimits.refusals
}

export const allTenants = 'every_tenant'

/**
 * Between two refusals of this connection, the provider accepted at least as many others as it refused: it
 * distinguishes them.
 */
function othersLive({ answers, tenantId, attemptMs }: Refusal, lastRefusedForMs: number): boolean {
  const between = answers.filter(({ agoMs }) => agoMs <= lastRefusedForMs && agoMs >= attemptMs)
  const counted = fewOfEach(between, (other) => other !== tenantId)
  const refused = counted.filter((answer) => answer.refused).length
  const good = counted.length - refused
  return good > 0 && good >= refused
}

/** The newest of each tenant that is limited; all of the others. */
function fewOfEach(
  answers: readonly ProviderAnswer[],
  isLimited: (tenantId: string) => boolean,
): ProviderAnswer[] {
  const counts = new Map<string, number>()
  return answers.filter(({ tenantId }) => {
    const count = (counts.get(tenantId) ?? 0) + 1
    counts.set(tenantId, count)
    return count <= incidentLimits.ofOtherTenant || !isLimited(tenantId)
  })
}

/** None was accepted for so long, and enough were refused. */
function isConfirmed({ refusingForMs, refusals }: OpenIncident, times: IncidentTimes): boolean {
  return refusingForMs >= times.incidentConfirmMs && refusals >= incidentLimits.sample
}
