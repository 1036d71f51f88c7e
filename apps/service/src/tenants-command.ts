import type { KeywellService } from '@keywell/server'
import type { Out } from './terminal.ts'

export const tenantsUsage = `       keywell-service tenants erase <tenant> [--now]
                                          end a tenant for good: connections removed, grants withdrawn,
                                          then its keys destroyed; exit code 1 while grants are left,
                                          which the running service goes on with. --now: the keys at
                                          once, and the grants that are left live on at the providers
`

/** Where a command writes: what it did, and how far it is. */
interface Screen {
  readonly out: Out
  /** Undefined where nobody watches. */
  readonly progress: Out | undefined
}

type Tenant = Awaited<ReturnType<KeywellService['tenants']['erase']>>

/**
 * The end of a tenant, by command. Answers the exit code: 0, or 1 while something is left to do.
 * Undefined: the words are another command's.
 */
export function findTenantsCommand(
  words: readonly string[],
): ((keywell: Pick<KeywellService, 'tenants'>, screen: Screen) => Promise<number>) | undefined {
  const [group, command, tenantId, ...flags] = words
  if (group !== 'tenants' || command !== 'erase') return undefined
  // An id may begin with anything, so whatever stands in its place is one; flags come behind it.
  if (tenantId === undefined || tenantId === '--now') return undefined
  if (flags.length > 1 || flags.some((flag) => flag !== '--now')) return undefined
  const now = flags.length > 0
  return async ({ tenants }, { out, progress }) => {
    const tenant = await tenants.erase(tenantId, {
      now,
      onProgress: (left) => progress?.write(`\r${left} connections left`),
    })
    progress?.write('\n')
    return describe(tenant, out)
  }
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
