import type { AuditLogEntry, Keywell } from '@keywell/sdk'
import type { AuditRow } from '../../assistant-api.ts'
import type { Person } from '../../people.ts'

const readRows = 200
const shownRows = 20

/** What stands beside the conversation: calls of tools, approvals, and the consents that they needed. */
const shownActions = ['tool.call', 'approval.request', 'approval.decide', 'connection.connect']

/** What was done as this person, newest first, from Keywell's audit log. */
export async function readAuditRows(keywell: Keywell, person: Person): Promise<AuditRow[]> {
  const query = { tenantId: person.tenant.id, userId: person.id, limit: readRows }
  const { entries } = await keywell.audit.list(query)
  const ended = new Set(entries.filter(({ result }) => result !== 'intent').map(callOf))
  return (
    entries
      .filter((entry) => shownActions.includes(entry.action))
      // An act has an entry before it and one after it. One is enough here, where it has ended.
      .filter((entry) => entry.result !== 'intent' || !ended.has(callOf(entry)))
      .slice(0, shownRows)
      .map(rowOf)
  )
}

function callOf({ action, requestId, id }: AuditLogEntry): string {
  return `${action} ${requestId ?? id}`
}

/** A reason is the name of the tool, after the code of what went otherwise: `scope_missing: gitlab_issue_create`. */
function rowOf({ id, at, action, result, reason, call }: AuditLogEntry): AuditRow {
  const [first = '', second] = reason?.split(': ') ?? []
  const [code, about] = second === undefined ? [null, first] : [first, second]
  const target = Object.values(call?.target ?? {})
  return { id, at, action, result, reason: code, about: about === '' ? null : about, target }
}
