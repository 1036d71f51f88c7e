import type { KeywellService } from '@keywell/server'
import type { Out } from './terminal.ts'

export const incidentsUsage = `       keywell-service incidents list         providers that refuse everybody; no connection ends meanwhile
       keywell-service incidents release <id>  it is over: what was held is asked again within a minute
       keywell-service incidents confirm <id>  the grants are gone indeed: what is refused ends
`

type Incidents = KeywellService['incidents']
type Incident = Awaited<ReturnType<Incidents['release']>>

/**
 * Incidents of providers, by command. Answers the exit code. Undefined: the words are another command's.
 */
export function findIncidentsCommand(
  words: readonly string[],
): ((keywell: { incidents: Incidents }, screen: { out: Out }) => Promise<number>) | undefined {
  const [group, command, id, ...more] = words
  if (group !== 'incidents' || more.length > 0) return undefined
  const decides = command === 'release' || command === 'confirm'
  if (!decides && !(command === 'list' && id === undefined)) return undefined
  if (decides && id === undefined) return undefined
  return async ({ incidents }, { out }) => {
    if (command === 'list') {
      for (const incident of await incidents.list()) out.write(`${describe(incident)}\n`)
    } else if (command === 'release' && id !== undefined) {
      await incidents.release(id)
      out.write(`${id} is over. What it held is asked again within a minute.\n`)
    } else if (id !== undefined) {
      await incidents.confirm(id)
      out.write(
        `${id} is confirmed. Its connections are asked again within five minutes, and what is refused ends.\n`,
      )
    }
    return 0
  }
}

function describe(incident: Incident): string {
  const { id, provider, host, integrationId, tenantId, beganAt, confirmedAt, refusals } = incident
  const state = confirmedAt === null ? 'open' : `confirmed ${confirmedAt}`
  const whose = tenantId === null ? 'all tenants' : `tenant ${tenantId}`
  const what = integrationId === null ? 'API keys' : integrationId
  return `${id}  ${state}  ${provider} ${host}  ${what}, ${whose}  since ${beganAt}, ${refusals} refused in a row`
}
