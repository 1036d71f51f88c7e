/** Who acts, as the audit log names it: an API key, the command line, the service itself. */
export interface Actor {
  actor: string
  /** Undefined outside of a request. */
  requestId?: string | undefined
}

/** Who acts by a request. */
export interface RequestActor extends Actor {
  requestId: string
}
