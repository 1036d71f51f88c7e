import type { KeywellService } from '@keywell/server'
import type { Command } from 'commander'
import type { Run, Screen } from './commands.ts'

type Tenant = Awaited<ReturnType<KeywellService['tenants']['erase']>>

/** The end of a tenant, by command. */
export function declareTenants(program: Command, run: Run, { out, progress }: Screen): void {
  program
    .command('tenants')
    .description('erase tenants')
    .command('erase <tenant>')
    .description(
      'end a tenant for good: connections removed, grants withdrawn, then its keys destroyed; exit code 1 while ' +
        'grants are left, which the running service goes on with',
    )
    .option('--now', 'the keys at once; the grants that are left live on at the providers', false)
    .addHelpText('after', '\nAn id that begins with "-": keywell-service tenants erase -- <tenant>')
    .action(
      run(async ({ tenants }, tenantId: string, { now }: { now: boolean }) => {
        const onProgress = (left: number) => progress?.write(`\r${left} connections left`)
        const tenant = await tenants.erase(tenantId, { now, onProgress })
        progress?.write('\n')
        return describe(tenant, out)
      }),
    )
}

function describe({ tenantId, state, erasedAt, pending, manual }: Tenant, out: Screen['out']) {
  for (const { provider, host, count } of pending) {
    out.write(`${counted(count, 'grant')} of ${provider} at ${host} still to be withdrawn\n`)
  }
  for (const { provider, host, type, count, manualUrl } of manual) {
    const what = type === 'oauth_token' ? 'grant' : 'key'
    const verb = count === 1 ? 'lives' : 'live'
    out.write(
      `${counted(count, what)} of ${provider} ${verb} on at ${host}: their users remove them at ${manualUrl}\n`,
    )
  }
  if (state === 'erased') {
    out.write(
      `${tenantId} is erased since ${erasedAt}. Kept are its audit log and changes, for their time, and the id, which is never used again. Backups from before still hold it until they have expired.\n`,
    )
    return 0
  }
  out.write(
    `${tenantId} is being erased: nothing of it can be read, and its keys are destroyed when the grants above are withdrawn, or after 7 days. The running service goes on; or run this again.\n`,
  )
  return 1
}

function counted(count: number, noun: 'grant' | 'key'): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
