import type { PendingRedirect } from './pending.ts'

/** Our parameters of a fragment. */
export const ours: RegExp = /[#&]keywell_(session|flow|ticket)=([^&]*)/g

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
  const { pathname, search, hash } = location
  const parameters: Record<string, string> = {}
  const rest = hash.replace(ours, (_, name, value) => {
    parameters[name] = value
    return ''
  })
  if (parameters.flow) history.replaceState(history.state, '', pathname + search + rest)
  return parameters
}
