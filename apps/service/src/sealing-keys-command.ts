import type { KeyOperations } from '@keywell/server'
import { type Command, Option } from 'commander'
import type { Run, Screen } from './commands.ts'

/** How many rows a command names; the figure above them counts all. */
const maxNamedRows = 20

/** A key that is missing would refuse a start. */
const unstarted = { start: false }

/** Commands for the encryption keys. */
export function declareSealingKeys(program: Command, run: Run, screen: Screen): void {
  const group = program
    .command('keys')
    .description('encryption keys: status, rotation, verification')

  group
    .command('status')
    .description('root keys, what each still wraps, what is left of a rotation')
    .action(run(({ keys }) => status(keys, screen), unstarted))

  group
    .command('rotate-root')
    .description("wrap every tenant's key with the first root key")
    .action(run(({ keys }) => rotateRoot(keys, screen), unstarted))

  group
    .command('rotate-tenant <tenant>')
    .description(
      "give a tenant a new key, and move its records; @install: the installation's own key",
    )
    .addOption(
      new Option('--destroy', 'destroy the versions that are due')
        .default(false)
        .conflicts('again'),
    )
    .addOption(new Option('--again', 'make another version although one is young').default(false))
    .action(
      run(
        ({ keys }, tenantId: string, options: Rotation) =>
          rotateTenant(keys, screen, { tenantId, ...options }),
        unstarted,
      ),
    )

  group
    .command('verify [tenant]')
    .description('open every record; exit code 1 when one does not open')
    .action(run(({ keys }, tenantId?: string) => verify(keys, screen, tenantId), unstarted))
}

interface Rotation {
  destroy: boolean
  again: boolean
}

async function status(keys: KeyOperations, { out }: Screen): Promise<number> {
  const { rootKeys, silentReplicas, behind, install } = await keys.status()
  for (const { id, role, keys: wraps, wrappedWithBy } of rootKeys) {
    out.write(
      `${id}  ${role.padEnd(7)}  wraps ${wraps.active} active, ${wraps.decrypt_only} decrypt-only, ${wraps.disabled} disabled; first at ${processes(wrappedWithBy)}\n`,
    )
  }
  if (silentReplicas > 0) out.write(`${processes(silentReplicas)} of an older version: unknown\n`)
  for (const { tenantId, keyVersion, records } of behind.slice(0, maxNamedRows)) {
    out.write(`${tenantId}: ${counted(records, 'record')} still sealed by version ${keyVersion}\n`)
  }
  if (behind.length > maxNamedRows) {
    out.write(`… and ${behind.length - maxNamedRows} more tenants with older versions\n`)
  }
  for (const { version, ...needs } of install) {
    out.write(`@install: version ${version} of its key is not retired yet\n`)
    sayWhatNeeds(out, needs)
  }
  return rootKeys.some(({ role }) => role === 'missing') ? 1 : 0
}

async function rotateRoot(keys: KeyOperations, { out, progress }: Screen): Promise<number> {
  const onProgress = reportTo(progress, 'keys wrapped anew')
  const done = await keys.rotateRoot({ onProgress })
  progress?.write('\n')
  out.write(`Wrapped anew: ${counted(done.rewrapped, 'key')}; ${done.primary} wraps now.\n`)
  for (const { tenantId, version, kekId, reason } of done.failed.slice(0, maxNamedRows)) {
    out.write(`${tenantId}, version ${version}, wrapped by ${kekId}: ${reason}; left as it is\n`)
  }
  for (const { kekId, count } of done.left) {
    out.write(`${kekId} must stay, it still wraps ${counted(count, 'key')}. Run this again.\n`)
  }
  if (done.stale.length > 0) {
    const ids = [...new Set(done.stale)].join(', ')
    out.write(
      `Still wrapping with ${ids}: ${processes(done.stale.length)}. Restart, then run this again.\n`,
    )
  }
  for (const id of done.removable) {
    out.write(
      `${id} wraps nothing any more: it may be taken away from the service. Keep a copy for as long as backups from before today.\n`,
    )
  }
  return done.failed.length + done.left.length + done.stale.length === 0 ? 0 : 1
}

async function rotateTenant(
  keys: KeyOperations,
  { out, progress }: Screen,
  { tenantId, ...options }: { tenantId: string } & Rotation,
): Promise<number> {
  const onProgress = reportTo(progress, 'records moved')
  const done = await keys.rotateTenant(tenantId, { ...options, onProgress })
  progress?.write('\n')
  if (!done.begun && !options.destroy) out.write('A rotation was under way; it went on.\n')
  out.write(`Moved: ${counted(done.moved, 'record')}; ${done.overtaken} had moved by themselves.\n`)
  for (const { version, state, records, next, ...needs } of done.versions) {
    const step = next === null ? '' : `; ${next.state} from ${next.from.toISOString()} on`
    const word = next?.state === 'destroyed' ? ', by --destroy' : ''
    out.write(`version ${version}: ${state}, ${counted(records, 'record')}${step}${word}\n`)
    sayWhatNeeds(out, needs)
  }
  nameRows(out, done.unreadable)
  return done.unreadable.length === 0 ? 0 : 1
}

async function verify(
  keys: KeyOperations,
  { out, progress }: Screen,
  tenantId: string | undefined,
): Promise<number> {
  const onProgress = reportTo(progress, 'records opened')
  const found = await keys.verify({ onProgress, ...(tenantId !== undefined && { tenantId }) })
  progress?.write('\n')
  out.write(`Opened: ${counted(found.opened, 'record')} of ${counted(found.tenants, 'tenant')}.\n`)
  for (const [reason, count] of Object.entries(found.refused)) {
    out.write(`Did not open: ${counted(count, 'record')}, ${reason}\n`)
  }
  nameRows(out, found.rows)
  if (found.refused.tenant_erased !== undefined) {
    out.write(
      'Rows of erased tenants were put back; nothing is served of them. Remove them: keywell-service tenants erase <tenant>\n',
    )
  }
  return found.rows.length === 0 ? 0 : 1
}

type Needs = Omit<Awaited<ReturnType<KeyOperations['status']>>['install'][number], 'version'>

/** What keeps a version from being retired, and what ends it. */
function sayWhatNeeds(out: Screen['out'], { apiKeys, attempts, auditUntil }: Needs): void {
  for (const { id, name, lastUsedAt } of apiKeys.slice(0, maxNamedRows)) {
    const lastUse = lastUsedAt?.toISOString() ?? 'never'
    out.write(`  needed by ${id} (${name}), last used ${lastUse}: use, rotate or revoke it\n`)
  }
  if (apiKeys.length > maxNamedRows) {
    out.write(`  … and ${apiKeys.length - maxNamedRows} more API keys\n`)
  }
  if (attempts > 0) {
    out.write(`  needed by attempts to connect, ${attempts} rows: wait twenty minutes\n`)
  }
  if (auditUntil !== null) {
    const day = auditUntil.toISOString().slice(0, 10)
    out.write(`  needed by the audit log, whose last entry of it goes about ${day}\n`)
  }
}

type Row = Awaited<ReturnType<KeyOperations['verify']>>['rows'][number]

function nameRows(out: Screen['out'], rows: readonly Row[]): void {
  for (const row of rows.slice(0, maxNamedRows)) {
    const { source, tenantId, recordId, field, generation, reason } = row
    out.write(`${tenantId} ${recordId} (${source}, ${field}, ${generation}): ${reason}\n`)
  }
  if (rows.length > maxNamedRows) out.write(`… and ${rows.length - maxNamedRows} more\n`)
}

/** One line that is written over. */
function reportTo(progress: Screen['progress'], what: string): (done: number) => void {
  return (done) => progress?.write(`\r${done} ${what}`)
}

function processes(count: number): string {
  return count === 1 ? '1 running process' : `${count} running processes`
}

function counted(count: number, noun: 'key' | 'record' | 'tenant'): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`
}
