/**
 * A stand-in for people with browsers, in place of a test's: at one origin, with the provider's other hosts below paths
 * of it; each browser signs in by itself; and nothing is forgotten at a restart.
 */
export interface Site {
  port: number
  /** Default: nothing is remembered. */
  dataFile?: string | undefined
}

/** By the names of a wire's origins: where each is below the one origin, without a slash at the end. */
export type Paths<Name extends string> = Readonly<Record<Name, string>>

/** The name that browsers use. The service has another, so that the cookies of the two never mix. */
export const siteHost = 'localhost'
