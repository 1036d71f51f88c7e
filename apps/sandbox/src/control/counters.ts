/** What clients did, as the sandbox saw it. */
export interface Counts {
  /** Calls by endpoint, e.g. `token`, `revoke`, `rest`; those that met a fault included. */
  calls: Record<string, number>
  /** Calls of the token endpoint by grant type. */
  grantTypes: Record<string, number>
  /** Answers of the token endpoint by status; `dropped` where a fault cut the connection. */
  tokenAnswers: Record<string, number>
  /** Refreshes that came while another of the same grant was still being worked on, by grant. */
  overlaps: Record<string, number>
  /** How many refresh tokens were presented more than once. */
  repeatedRefreshTokens: number
}

/** Beyond this many, refresh tokens that were presented are forgotten, oldest first. */
const maxPresented = 200_000

export class Counters {
  #counts = emptyCounts()
  readonly #inFlight = new Map<string, number>()
  readonly #presented = new Map<string, number>()

  called(endpoint: string): void {
    increment(this.#counts.calls, endpoint)
  }

  grantTypeSeen(grantType: string): void {
    increment(this.#counts.grantTypes, grantType)
  }

  tokenAnswered(status: string): void {
    increment(this.#counts.tokenAnswers, status)
  }

  refreshTokenPresented(refreshToken: string): void {
    const times = (this.#presented.get(refreshToken) ?? 0) + 1
    this.#presented.set(refreshToken, times)
    if (times === 2) this.#counts.repeatedRefreshTokens += 1
    if (this.#presented.size <= maxPresented) return
    for (const oldest of this.#presented.keys()) {
      this.#presented.delete(oldest)
      return
    }
  }

  /** Call the answer when the refresh is over. */
  refreshStarted(grantId: string): () => void {
    const before = this.#inFlight.get(grantId) ?? 0
    if (before > 0) increment(this.#counts.overlaps, grantId)
    this.#inFlight.set(grantId, before + 1)
    return () => {
      const left = (this.#inFlight.get(grantId) ?? 1) - 1
      if (left === 0) this.#inFlight.delete(grantId)
      else this.#inFlight.set(grantId, left)
    }
  }

  read(): Counts {
    return structuredClone(this.#counts)
  }

  /** Starts at zero; refreshes under way stay under way. */
  reset(): void {
    this.#counts = emptyCounts()
    this.#presented.clear()
  }
}

function emptyCounts(): Counts {
  return { calls: {}, grantTypes: {}, tokenAnswers: {}, overlaps: {}, repeatedRefreshTokens: 0 }
}

function increment(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1
}
