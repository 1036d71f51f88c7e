import { readFileSync } from 'node:fs'
import type { AuditFinding, AuditReport, KeywellService } from '@keywell/server'
import type { Command } from 'commander'
import { z } from 'zod'
import type { Run, Screen } from './commands.ts'

/** A head in a line of the log: a signed token in its three parts. */
const logLine = z.object({
  head: z.object({ protected: z.string(), payload: z.string(), signature: z.string() }),
})
/** How many findings are named; there is one of a tenant at most. */
const maxNamed = 100

/** The audit log, by command. */
export function declareAudit(program: Command, run: Run, screen: Screen): void {
  program
    .command('audit')
    .description('verify the audit log')
    .command('verify')
    .description('verify that the audit log is as it was written; exit code 1 if not')
    .option('--tenant <id>', 'the only tenant to look at (default: all)')
    .option(
      '--heads <file>',
      "signed ends of chains that were kept elsewhere: lines of this service's log, or tokens",
    )
    .action(run(({ audit }, options: Options) => verify(audit, screen, options)))
}

interface Options {
  tenant?: string
  heads?: string
}

async function verify(
  audit: KeywellService['audit'],
  { out, progress }: Screen,
  { tenant, heads }: Options,
): Promise<number> {
  const report = await audit.verify({
    tenantId: tenant,
    heads: heads === undefined ? [] : readHeads(readFileSync(heads, 'utf8')),
    progress: (so) => progress?.write(`\r${so.entries} entries of ${so.tenants} tenants`),
  })
  progress?.write('\n')
  for (const finding of report.findings.slice(0, maxNamed)) out.write(`${describe(finding)}\n`)
  if (report.findings.length > maxNamed) {
    out.write(`… and ${report.findings.length - maxNamed} more\n`)
  }
  out.write(`${summary(report)}\n`)
  return report.findings.length === 0 ? 0 : 1
}

/** Lines of the log that hold a head, and tokens as the API gives them; other lines say nothing. */
function readHeads(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const token = /^\s*([\w-]+\.[\w-]+\.[\w-]+)\s*$/.exec(line)?.[1]
    return token ?? readLogLine(line) ?? []
  })
}

function readLogLine(line: string): string | undefined {
  if (!line.includes('"head":{')) return undefined
  try {
    const { head } = logLine.parse(JSON.parse(line))
    return `${head.protected}.${head.payload}.${head.signature}`
  } catch {
    return undefined
  }
}

const words: Readonly<Record<AuditFinding['kind'], string>> = {
  altered: 'was altered',
  missing: 'is missing',
  reordered: 'is not where or when it was written, or its link was overwritten',
  cut_off: 'and what followed were cut off: a signed head lies beyond',
  planted: 'was not written by the service: it waits for a chain, or stands where another stands',
  forged: 'is named by a head or a cut that this installation never signed',
  unverifiable: 'cannot be proved: the key that it was sealed with is gone',
}

function describe({ tenantId, kind, position, entryId, at }: AuditFinding): string {
  const facts = [position === null ? '' : `position ${position}`, entryId, at?.toISOString()]
  const known = facts.filter((fact) => fact !== '' && fact !== null && fact !== undefined)
  const which = `${tenantId || '(unknown tenant)'}: the entry (${known.join(', ')})`
  return `${which} ${words[kind]}`
}

function summary({ entries, tenants, heads, findings }: AuditReport): string {
  const seen = `${entries} entries of ${tenants} tenants, ${heads} signed heads`
  if (findings.length === 0) return `${seen}: all as they were written.`
  return `${seen}: ${findings.length} findings, the first of each tenant.`
}
