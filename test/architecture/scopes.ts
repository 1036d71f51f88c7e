/** Who may reach beyond the tenants that a piece of work is for. */
import { type Fault, isTest, type SourceFile, visit } from './source.ts'

/** Files that may name one of the wide scopes, or leave their own for a while, and why. */
const wide: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  everyTenant: {
    'packages/server/src/store/scope.ts': 'defines it',
    'packages/server/src/audit/chainer.ts': 'links entries of all tenants',
    'packages/server/src/audit/heads.ts': 'signs the ends of all chains',
    'packages/server/src/audit/retention.ts': 'cuts all chains',
    'packages/server/src/audit/verify.ts': 'finds the chains that there are',
    'packages/server/src/changes/reader.ts': 'reads the change log for all subscribers',
    'packages/server/src/changes/retention.ts': 'removes old changes',
    'packages/server/src/changes/webhooks/worker.ts': 'claims what is due',
    'packages/server/src/credentials/remove-integration.ts':
      'finds tenants that need an integration which is to be removed',
    'packages/server/src/credentials/withdrawals.ts': 'finds tenants with grants to be withdrawn',
    'packages/server/src/encryption-keys/references.ts':
      'looks for a version in the log of any tenant',
    'packages/server/src/encryption-keys/rotate-root.ts': 'finds keys to be wrapped anew',
    'packages/server/src/encryption-keys/status.ts': 'counts keys',
    'packages/server/src/encryption-keys/sweep-cuts.ts': 'seals the cuts of all chains anew',
    'packages/server/src/encryption-keys/verify.ts': 'finds tenants with something sealed',
    'packages/server/src/compose/platform.ts':
      'looks at the root keys that are in use, at the start',
    'packages/server/src/compose/sweep.ts': 'sweeps what is old',
    'packages/server/src/compose/telemetry.ts': 'counts for metrics',
    'packages/server/src/custom-providers/followed-definitions.ts':
      'finds the owners of definitions',
    'packages/server/src/custom-providers/renew-macs.ts': 'finds the owners of definitions',
    'packages/server/src/custom-providers/reseal.ts': 'finds what an edited definition concerns',
    'packages/server/src/provider-files/provider-folder.ts':
      'keeps a definition that any tenant needs',
    'packages/server/src/refresh/announce-ends.ts': 'finds grants that come to their end soon',
    'packages/server/src/tools/report-expired.ts': 'finds calls that nobody has decided in time',
    'packages/server/src/refresh/incidents.ts': 'shows an operator the incidents of all',
    'packages/server/src/refresh/claim-work.ts': 'claims what is due',
    'packages/server/src/connect/device-poller.ts': 'claims polls that are due',
    'packages/server/src/tenants/erase.ts': 'finds erasures that are under way',
  },
  acrossTenants: {
    'packages/server/src/store/transaction.ts': 'defines it',
    'packages/server/src/credentials/remove-integration.ts':
      'counts what needs an integration before it is removed',
    'packages/server/src/custom-providers/custom-providers.ts':
      'counts what needs a definition before it is removed',
    'packages/server/src/refresh/incident-guard.ts':
      'compares what a provider says of all connections of an integration',
  },
  schemaOwner: {
    'packages/server/src/store/scope.ts': 'defines it',
    'packages/server/src/store/migrate.ts': 'changes tables',
    'packages/server/src/store/pglite.ts': 'listens, with the one session that there is',
    'packages/server/src/store/postgres.ts': 'asks for the version of the server',
  },
}

export function scopeFaults(files: readonly SourceFile[]): Fault[] {
  return files
    .filter(({ path }) => !isTest(path) && !path.startsWith('test/'))
    .flatMap((file) =>
      Object.keys(wide)
        .filter((scope) => wide[scope]?.[file.path] === undefined && names(file, scope))
        .map((scope) => ({ path: file.path, message: `may not use the scope ${scope}` })),
    )
}

/** Permits that are not needed any more. */
export function staleScopes(files: readonly SourceFile[]): string[] {
  return Object.entries(wide).flatMap(([scope, permits]) =>
    Object.keys(permits)
      .filter((path) => !files.some((file) => file.path === path && names(file, scope)))
      .map((path) => `${scope}: ${path}`),
  )
}

function names(file: SourceFile, name: string): boolean {
  let found = false
  visit(file, {
    Identifier: (node) => {
      found ||= node.name === name
    },
  })
  return found
}
