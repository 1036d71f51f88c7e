/** Every statement is bound to a tenant, and nothing but constants is ever put into its text. */
import { posix } from 'node:path'
import { type Fault, isTest, type SourceFile, visit } from './source.ts'

/** Statements that serve all tenants at once, with the reason; `begins` is how the text starts. */
const exceptions: readonly { path: string; begins: string; reason: string }[] = [
  {
    path: 'packages/server/src/store/audit-chain.ts',
    begins: 'select ctid::text as place, tenant_id as "tenantId"',
    reason:
      'entries of all tenants are linked, each into the chain of the tenant that its row names',
  },
  {
    path: 'packages/server/src/store/audit-chain.ts',
    begins: 'select audit_link(',
    reason: 'the same: each is moved under the tenant that its row names',
  },
  {
    path: 'packages/server/src/store/audit-chain.ts',
    begins: 'select asked.tenant_id as "tenantId", coalesce(last.position',
    reason: 'the ends of the chains that are asked for; each is found by its own tenant',
  },
  {
    path: 'packages/server/src/store/audit-cuts.ts',
    begins: 'select tenant_id as "tenantId", position::float8 as position, link, at, mac_version',
    reason: "the installation's audit key is replaced under the cuts of all chains",
  },
  {
    path: 'packages/server/src/store/install-key-holders.ts',
    begins: 'select exists (select from audit_cuts where mac_version = $1)',
    reason: "the installation's audit key may be needed by the log of any tenant",
  },
  {
    path: 'packages/server/src/store/install-key-holders.ts',
    begins: 'select count(*)::int as count from connect_sessions where pepper_version = $1',
    reason: 'sessions of any tenant may need a version of the key that they are proved with',
  },
  {
    path: 'packages/server/src/store/audit-heads.ts',
    begins: 'with due as ( delete from audit_heads_due',
    reason: 'the ends of all chains are signed, each for the tenant that its row names',
  },
  {
    path: 'packages/server/src/store/audit-retention.ts',
    begins: 'select min(tenant_id) as "tenantId" from audit_chain',
    reason: 'retention goes from chain to chain, of every tenant',
  },
  {
    path: 'packages/server/src/store/audit-weeks.ts',
    begins: 'select audit_make_week(',
    reason: 'a week of the log is a table for all tenants',
  },
  {
    path: 'packages/server/src/store/audit-weeks.ts',
    begins: 'select week as name, greatest(starts,',
    reason: 'the same: which weeks there are',
  },
  {
    path: 'packages/server/src/store/audit-weeks.ts',
    begins: 'with recursive chain as ( select min(tenant_id) as tenant_id from audit_chain',
    reason: 'before a week goes, the chains of all tenants in it are cut',
  },
  {
    path: 'packages/server/src/store/audit-walk.ts',
    begins: 'select min(tenant_id) as "tenantId" from ( select min(tenant_id)',
    reason: 'an operator verifies the chains of all tenants, one after the other',
  },
  {
    path: 'packages/server/src/store/changes.ts',
    begins: 'select horizon.xid, now() as now, (',
    reason: 'the one reader of the change log serves the subscribers of all tenants',
  },
  {
    path: 'packages/server/src/store/changes.ts',
    begins: 'select tenant_id as "tenantId", xid, seq, kind,',
    reason: 'the same reader; every row says whose it is',
  },
  {
    path: 'packages/server/src/store/changes.ts',
    begins: 'delete from changes using (',
    reason: 'retention: what is older than configured is deleted, of every tenant',
  },
  {
    path: 'packages/server/src/store/approvals.ts',
    begins: 'delete from approvals where ends_at <',
    reason: 'approvals of all tenants go a day after their end',
  },
  {
    path: 'packages/server/src/store/idempotent-calls.ts',
    begins: 'delete from idempotent_calls where created_at <',
    reason: 'kept answers of all tenants go after a day',
  },
  {
    path: 'packages/server/src/store/idempotent-tool-calls.ts',
    begins: 'delete from idempotent_tool_calls where created_at <',
    reason: 'kept results of all tenants go after a day',
  },
  {
    path: 'packages/server/src/store/migrate.ts',
    begins: 'select from pg_tables',
    reason: 'the catalogue belongs to no tenant',
  },
  {
    path: 'packages/server/src/store/migrate.ts',
    begins: 'select number, name from migrations',
    reason: 'the list of migrations belongs to no tenant',
  },
  {
    path: 'packages/server/src/store/migrate.ts',
    begins: 'insert into migrations',
    reason: 'the same list',
  },
  {
    path: 'packages/server/src/store/revocations.ts',
    begins: 'select tenant_id as "tenantId" from revocations where state = \'due\'',
    reason:
      'a worker looks for tenants with something due; it claims what is due of each by itself',
  },
  {
    path: 'packages/server/src/store/tenants.ts',
    begins: 'select tenant_id as "tenantId" from tenant_erasures where erased_at is null',
    reason: 'a worker goes on with every erasure, of every tenant',
  },
  {
    path: 'packages/server/src/store/tenants.ts',
    begins: 'select e.tenant_id as "tenantId" from tenant_erasures e where e.erased_at is not null',
    reason: 'an operator looks for erased tenants with rows that were put back',
  },
  {
    path: 'packages/server/src/store/webhook-deliveries.ts',
    begins:
      'delete from webhook_deliveries where (tenant_id, id, endpoint_id) in ( select d.tenant_id',
    reason: 'a worker deletes what was sent of every tenant that was erased',
  },
  {
    path: 'packages/server/src/store/webhook-deliveries.ts',
    begins: 'with oldest as ( select endpoint_owner, endpoint_id from webhook_deliveries',
    reason: 'a worker claims what is due, of every tenant',
  },
  {
    path: 'packages/server/src/store/webhook-deliveries.ts',
    begins: 'delete from webhook_deliveries where (tenant_id, id, endpoint_id) in (',
    reason: 'retention: what ended longer ago than configured is deleted, of every tenant',
  },
  {
    path: 'packages/server/src/store/credentials.ts',
    begins: 'select key.asked, … , key."askDue" and … as "refreshDue" from json_to_recordset(',
    reason: 'readers of several tenants share it; each key names its tenant and finds rows by it',
  },
  {
    path: 'packages/server/src/store/integration-uses.ts',
    begins: 'select (select count(*) from connections where integration_owner = $1',
    reason: 'an integration goes when no tenant needs it; two numbers',
  },
  {
    path: 'packages/server/src/store/integration-uses.ts',
    begins: 'select tenant_id as "tenantId" from ( select tenant_id from connections',
    reason: 'its connections are disconnected tenant by tenant; these are their names alone',
  },
  {
    path: 'packages/server/src/store/integration-uses.ts',
    begins: "update revocations set state = 'irrevocable' where integration_owner = $1",
    reason: 'without its client no grant of it can be withdrawn, of whichever tenant',
  },
  {
    path: 'packages/server/src/store/integrations.ts',
    begins: 'update integrations set canary_at = now() + $1',
    reason: 'a worker looks at every suspended integration, of every tenant',
  },
  {
    path: 'packages/server/src/store/orphans.ts',
    begins: 'delete from orphans where created_at <',
    reason: 'retention: what is older than a day is deleted, of every tenant',
  },
  {
    path: 'packages/server/src/store/revocations.ts',
    begins: "update revocations set state = 'irrevocable' where state = 'due'",
    reason: 'what was tried for a week is given up, of every tenant',
  },
  {
    path: 'packages/server/src/store/refresh-claim.ts',
    begins: 'update refresh_schedule u set state = case when due.refresh_due',
    reason: 'the common end of the claims; each row is found by the tenant that `due` names',
  },
  {
    path: 'packages/server/src/store/due-claims.ts',
    begins:
      'with incidents as materialized ( select tenant_id, integration_id, host from provider_incidents',
    reason: 'a worker claims what is due, of every tenant; the row holds no secret',
  },
  {
    path: 'packages/server/src/store/due-claims.ts',
    begins:
      'with due as ( select tenant_id, connection_id, state, unresolved_since, true as refresh_due from refresh_schedule where integration_id',
    reason: 'a worker tries one connection of a suspended integration, of any tenant',
  },
  {
    path: 'packages/server/src/store/device-polls.ts',
    begins: 'with due as ( select tenant_id, flow_id from device_polls where due_at <= now()',
    reason: 'polls are claimed that are due, of every tenant; the row holds no secret',
  },
  {
    path: 'packages/server/src/store/approvals.ts',
    begins: 'select tenant_id as "tenantId", id from approvals where state',
    reason: 'a sweep finds calls that nobody has decided in time, of every tenant',
  },
  {
    path: 'packages/server/src/store/grant-ends.ts',
    begins:
      'select tenant_id as "tenantId", connection_id as "connectionId" from refresh_schedule where ends_soon_at',
    reason: 'a sweep finds grants that come to their end soon, of every tenant',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'select … from provider_incidents where id = $1',
    reason: 'an operator decides over an incident, of any tenant',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins:
      'select count(*)::int as count from ( select from refresh_schedule where integration_id',
    reason: 'what a provider says of all connections of an integration is compared; a number',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'select tenant_id as "tenantId", refused_at is not null as refused',
    reason: 'the same: what it last said of each, by tenant, and no connection is named',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: "delete from provider_incidents where tenant_id <> '@install'",
    reason: 'an incident of all tenants takes the place of those of single ones',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'select … from provider_incidents order by began_at',
    reason: 'an operator sees the incidents of all tenants',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'delete from provider_incidents where confirmed_at <',
    reason: 'retention: what was confirmed longer ago than configured is deleted, of every tenant',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'with open as materialized ( select tenant_id, id, host, asked_at from provider_i',
    reason: 'a worker takes turns at asking a host, for connections of every tenant',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'update refresh_schedule u set probe_at = now() from (',
    reason: 'others of an integration are looked at, of every tenant; the row holds no secret',
  },
  {
    path: 'packages/server/src/store/provider-incidents.ts',
    begins: 'update refresh_schedule u set refresh_at = case when refresh_at is not null',
    reason: 'what an incident has held is asked anew, of every tenant',
  },
  {
    path: 'packages/server/src/store/due-claims.ts',
    begins:
      'with witness as materialized ( select tenant_id, connection_id, state, unresolved_since',
    reason: 'a worker asks about one connection of an incident, of any tenant',
  },
  {
    path: 'packages/server/src/store/definition-uses.ts',
    begins: 'select tenant_id as "tenantId", id from connections where provider',
    reason: 'an operator reseals what a definition concerns; only ids come back',
  },
  {
    path: 'packages/server/src/store/definition-uses.ts',
    begins: 'select tenant_id as "tenantId", id from integrations where provider',
    reason: 'an operator reseals what a definition concerns; only ids come back',
  },
  {
    path: 'packages/server/src/store/provider-versions.ts',
    begins: 'select distinct tenant_id as owner from provider_versions where in_force',
    reason: 'each process holds the definitions of all owners; only ids of owners come back',
  },
  {
    path: 'packages/server/src/store/provider-versions.ts',
    begins: 'select distinct tenant_id as owner from provider_versions where pepper_version',
    reason: 'a new key of the installation concerns all owners; only their ids come back',
  },
  {
    path: 'packages/server/src/store/providers-in-use.ts',
    begins: 'select provider from connections where status',
    reason: 'a definition that any tenant needs is kept; only names of providers come back',
  },
  {
    path: 'packages/server/src/store/census.ts',
    begins: 'select provider, status, health, count(*)::int as count from connections',
    reason: 'metrics: sums of all tenants, of which none says whose a row is',
  },
  {
    path: 'packages/server/src/store/census.ts',
    begins: 'select (select count(*) from refresh_schedule',
    reason: 'metrics: the same for what waits to be done',
  },
  {
    path: 'packages/server/src/store/tenant-keys.ts',
    begins: 'select distinct kek_id',
    reason: 'start-up: every root key that is still in use must be known',
  },
  {
    path: 'packages/server/src/store/tenant-keys.ts',
    begins: 'select tenant_id as "tenantId", version from tenant_keys where state = \'active\'',
    reason: 'the operator sees what a rotation has still to move, of every tenant',
  },
  {
    path: 'packages/server/src/store/key-rotation.ts',
    begins: 'select kek_id as "kekId", state, count(*)::int as count from tenant_keys',
    reason: 'the operator sees what each root key still wraps',
  },
  {
    path: 'packages/server/src/store/key-rotation.ts',
    begins: 'select tenant_id as "tenantId", version from tenant_keys where kek_id <> $1',
    reason: 'a new root key wraps the keys of all tenants; these are their names alone',
  },
  {
    path: 'packages/server/src/store/key-rotation.ts',
    begins: 'select k.tenant_id as "tenantId", k.version, k.kek_id as "kekId", k.wrapped from',
    reason: 'keys of several tenants in one batch; each is found by the tenant that it names',
  },
  {
    path: 'packages/server/src/store/sealed-records.ts',
    begins: 'select tenant_id as "tenantId" from credentials union select tenant_id from orphans',
    reason: 'an operator goes through what is sealed tenant by tenant; these are their names alone',
  },
  {
    path: 'packages/server/src/store/postgres-settings.ts',
    begins: 'select name, current_setting(name) as setting from unnest(',
    reason: 'settings of a session belong to no tenant, and no table is read',
  },
  {
    path: 'packages/server/src/store/roles.ts',
    begins: 'select current_user as login, (',
    reason: 'roles belong to the whole server',
  },
  {
    path: 'packages/server/src/store/key-rotation.ts',
    begins: 'update tenant_keys k set kek_id = row.kek_id',
    reason: 'the same; each row is found by the tenant that it names',
  },
]

export function sqlFaults(files: readonly SourceFile[]): Fault[] {
  return statementsOf(files).flatMap((statement) => {
    const { path, constant, text } = statement
    const faults: Fault[] = []
    if (!constant) faults.push({ path, message: `text is put into: ${brief(text)}` })
    if (!isBoundToTenant(text) && !exceptions.some((each) => excuses(each, statement))) {
      faults.push({ path, message: `bound to no tenant: ${brief(text)}` })
    }
    return faults
  })
}

/** Exceptions that no statement needs any more. */
export function staleSqlExceptions(files: readonly SourceFile[]): string[] {
  const statements = statementsOf(files)
  return exceptions
    .filter((each) => !statements.some((statement) => excuses(each, statement)))
    .map(({ path, begins }) => `${path}: ${begins}`)
}

interface Statement {
  readonly path: string
  /** Without what stands in `${}`: a list of columns that names `tenant_id` is no condition. */
  readonly text: string
  /** Whatever stands in `${}` is a constant of the same file, or of the file that it is imported from. */
  readonly constant: boolean
}

const beginsAsSql =
  /^\s*(select\s|insert\s+into\s|update\s+\w+(\s+\w+)?\s+set\s|delete\s+from\s|with\s+(recursive\s+)?\w+\s+as\s*((not\s+)?materialized\s*)?\(|merge\s+into\s|truncate\s|copy\s+\w+)/i

function statementsOf(files: readonly SourceFile[]): Statement[] {
  return files
    .filter(({ path }) => path.startsWith('packages/server/src/') && !isTest(path))
    .flatMap((file) => statementsIn(file, files))
}

function statementsIn(file: SourceFile, files: readonly SourceFile[]): Statement[] {
  const constants = new Set([...constantsOf(file), ...importedConstantsOf(file, files)])
  const found: Statement[] = []
  const add = (text: string, constant: boolean) => {
    if (beginsAsSql.test(text)) found.push({ path: file.path, text, constant })
  }
  visit(file, {
    Literal: ({ value }) => {
      if (typeof value === 'string') add(value, true)
    },
    TemplateLiteral: ({ quasis, expressions }) =>
      add(
        quasis.map(({ value }) => value.cooked ?? value.raw).join(' … '),
        expressions.every((each) => each.type === 'Identifier' && constants.has(each.name)),
      ),
  })
  return found
}

/** Names that the file imports from its neighbours, and that are such constants there. */
function importedConstantsOf(file: SourceFile, files: readonly SourceFile[]): string[] {
  const names: string[] = []
  visit(file, {
    ImportDeclaration: ({ source, specifiers }) => {
      const path = posix.join(posix.dirname(file.path), source.value)
      const imported = files.find((each) => each.path === path)
      if (imported === undefined) return
      const constants = constantsOf(imported)
      for (const each of specifiers) {
        if (each.type !== 'ImportSpecifier' || each.imported.type !== 'Identifier') continue
        if (constants.has(each.imported.name)) names.push(each.local.name)
      }
    },
  })
  return names
}

/** Names of the file's top-level `const x = '…'`. */
function constantsOf(file: SourceFile): Set<string> {
  const names = new Set<string>()
  visit(file, {
    Program: ({ body }) => {
      for (const statement of body) {
        const node = statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
        if (node?.type !== 'VariableDeclaration' || node.kind !== 'const') continue
        for (const { id, init } of node.declarations) {
          const isText =
            (init?.type === 'Literal' && typeof init.value === 'string') ||
            (init?.type === 'TemplateLiteral' && init.expressions.length === 0)
          if (id.type === 'Identifier' && isText) names.add(id.name)
        }
      }
    },
  })
  return names
}

/**
 * Compared with a parameter or with the installation, or written into a new row; the owner of a
 * webhook's endpoint is a tenant under another name. A join on
 * `tenant_id` alone binds nothing, and a statement without a table has nothing to bind.
 */
function isBoundToTenant(text: string): boolean {
  return (
    !/\b(from|into|update|join)\b/i.test(text) ||
    /\b(tenant_id|endpoint_owner)\s*(=|in\s*\()\s*(any\s*\()?(\$\d|'@install')/i.test(text) ||
    /\binto\s+\w+\s*\([^)]*\btenant_id\b/i.test(text)
  )
}

function excuses(exception: { path: string; begins: string }, { path, text }: Statement): boolean {
  return path === exception.path && flat(text).startsWith(exception.begins)
}

const flat = (text: string): string => text.trim().replaceAll(/\s+/g, ' ')
const brief = (text: string): string => flat(text).slice(0, 80)
