/** What only the database knows, over all tenants and replicas. */
export interface Census {
  readonly connections: readonly {
    provider: string
    status: string
    health: string
    count: number
  }[]
  readonly due: number
  readonly oldestDueSeconds: number
  readonly suspendedIntegrations: number
  readonly openIncidents: number
  readonly revocationsDue: number
  readonly irrevocable: number
  readonly webhooksDue: number
  readonly auditUnlinkedSeconds: number
  /** Base URLs of the installation's integrations. */
  readonly hosts: readonly string[]
}

/** How long a count is good for. */
const keptMs = 10_000
/** A count that takes long is made less often, so that it takes at most 2 % of the time. */
const restFactor = 49
/** A scrape is answered without a count that takes longer; the next one has it. */
const maxWaitMs = 2_000

/**
 * Counts at a scrape, and not again for ten seconds, for any number of scrapes. Undefined when the
 * database does not answer in time: then the scrape has no such number.
 */
export function createCensus(parts: {
  take: () => Promise<Census>
  /** Milliseconds on a clock that only goes forward. */
  now: () => number
  sleep: (ms: number) => Promise<void>
}): () => Promise<Census | undefined> {
  const { take, now, sleep } = parts
  let goodUntil = Number.NEGATIVE_INFINITY
  let taking: Promise<Census | undefined> | undefined

  async function takeNow(): Promise<Census | undefined> {
    const began = now()
    const census = await take().catch(() => undefined)
    const ended = now()
    goodUntil = ended + Math.max(keptMs, (ended - began) * restFactor)
    return census
  }

  return () => {
    if (taking === undefined || now() >= goodUntil) {
      goodUntil = Number.POSITIVE_INFINITY
      taking = takeNow()
    }
    return Promise.race([taking, sleep(maxWaitMs).then(() => undefined)])
  }
}
