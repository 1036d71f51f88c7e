import type { KeywellService } from '@keywell/server'
import type { Command } from 'commander'
import type { Run, Screen } from './commands.ts'

type Incident = Awaited<ReturnType<KeywellService['incidents']['release']>>

/** Incidents of providers, by command. */
export function declareIncidents(program: Command, run: Run, { out }: Screen): void {
  const group = program
    .command('incidents')
    .description('providers that refuse all connections; none of them ends meanwhile')

  group
    .command('list')
    .description('list incidents')
    .action(
      run(async ({ incidents }) => {
        for (const incident of await incidents.list()) out.write(`${describe(incident)}\n`)
      }),
    )
  group
    .command('release <id>')
    .description('end an incident: its connections are asked again within a minute')
    .action(
      run(async ({ incidents }, id: string) => {
        await incidents.release(id)
        out.write(`${id} is over. What it held is asked again within a minute.\n`)
      }),
    )
  group
    .command('confirm <id>')
    .description('confirm that the grants are gone: each connection that is refused ends')
    .action(
      run(async ({ incidents }, id: string) => {
        await incidents.confirm(id)
        out.write(
          `${id} is confirmed. Its connections are asked again within five minutes, and what is refused ends.\n`,
        )
      }),
    )
}

function describe(incident: Incident): string {
  const { id, provider, host, integrationId, tenantId, beganAt, confirmedAt, refusals } = incident
  const state = confirmedAt === null ? 'open' : `confirmed ${confirmedAt}`
  const whose = tenantId === null ? 'all tenants' : `tenant ${tenantId}`
  const what = integrationId === null ? 'API keys' : integrationId
  return `${id}  ${state}  ${provider} ${host}  ${what}, ${whose}  since ${beganAt}, ${refusals} refused in a row`
}
