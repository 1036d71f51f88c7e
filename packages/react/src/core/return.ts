import type { PendingRedirect } from './pending.ts'

const ours = /[#&]keywell_(session|flow|ticket)=([^&]*)/g

/** Parameters of the fragment: `flow` alone in redirect mode, all three with fragment returns. */
export type ReturnParameters = Partial<Record<'session' | 'flow' | 'ticket', string>>

/** What a redirect left in the URL of this page, until a button has it. */
export interface Returned {
  /** Its flow, whose rest is stored. */
  flowId?: string | undefined
  pending?: PendingRedirect | undefined
}

/** Reads the parameters of a return and removes them from the URL. A second call finds none. */
export function readReturn({ location, history }: Window): ReturnParameters {
  const parameters: ReturnParameters = Object.fromEntries(
    [...location.hash.matchAll(ours)].map(([, name, value]) => [name, value]),
  )
  if (parameters.flow) history.replaceState(history.state, '', pageUrl(location))
  return parameters
}

/** The page's address without our parameters: where redirect mode returns to. */
export function pageUrl({ href }: Location): string {
  return href.replace(ours, '')
}
