import { type Incident, incidentIdSchema, KeywellError } from '@keywell/protocol'
import type { Incidents } from './incidents.ts'

/** For the operator of the service, without an API key. */
export interface OperatorIncidents {
  /** Open incidents, the oldest first. */
  list(): Promise<Incident[]>
  /**
   * Ends an incident: everything that it held is asked again within a minute.
   *
   * @throws KeywellError `not_found` when there is none, or it is over; `invalid_request` for what is no id
   */
  release(id: string): Promise<Incident>
  /**
   * Takes the refusals for true: its connections are asked again within five minutes, and what is refused ends.
   *
   * @throws KeywellError as `release`, and `conflict` when it was confirmed before
   */
  confirm(id: string): Promise<Incident>
}

const operator = { actor: 'operator' }

export function createOperatorIncidents(incidents: Incidents): OperatorIncidents {
  const known = (id: string) => {
    const { error } = incidentIdSchema.safeParse(id)
    if (error) throw new KeywellError('invalid_request', `incident: ${error.issues[0]?.message}`)
    return id
  }
  return {
    list: () => incidents.list(),
    release: async (id) => incidents.release(known(id), operator),
    confirm: async (id) => incidents.confirm(known(id), operator),
  }
}
