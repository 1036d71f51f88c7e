/** One request that brought a refresh token, as the sandbox saw it. Times are the sandbox's. */
export interface RefreshRecord {
  /** Null for an unknown token. */
  grantId: string | null
  /** Which pair of the grant was presented: later ones have higher ids. */
  pairId: number | null
  startedAt: number
  /** When its answer was handed over or its peer had gone; null while it is under way. */
  endedAt: number | null
  /** The work was done and gave a pair, whatever was answered then. */
  issued: boolean
  /** What was to be answered; null when a fault cut the connection instead. */
  status: number | null
  /** The whole answer was handed over while the peer was there. It may still have died unread. */
  delivered: boolean
}

/** Beyond this many, the oldest are forgotten. */
const maxRecords = 200_000

/** Every refresh in the order of its coming: facts only, for the judge of a fault test. */
export class RefreshLog {
  #records: RefreshRecord[] = []

  /** Answers the record, which its caller completes. */
  add(grantId: string | undefined, pairId: number | undefined, startedAt: number): RefreshRecord {
    const record: RefreshRecord = {
      grantId: grantId ?? null,
      pairId: pairId ?? null,
      startedAt,
      endedAt: null,
      issued: false,
      status: null,
      delivered: false,
    }
    this.#records.push(record)
    // A tenth at once, so that moving the rest is paid rarely.
    if (this.#records.length > maxRecords) this.#records.splice(0, maxRecords / 10)
    return record
  }

  read(): readonly RefreshRecord[] {
    return this.#records
  }

  reset(): void {
    this.#records = []
  }
}
