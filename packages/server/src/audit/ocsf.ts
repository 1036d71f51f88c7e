import type { AuditLine } from '@keywell/protocol'

/** The version of the Open Cybersecurity Schema Framework that events are written in. */
const schemaVersion = '1.6.0'
const applicationActivity = 6
const apiActivity = 6003

const activities = { create: 1, read: 2, update: 3, delete: 4, other: 99 } as const
type Activity = keyof typeof activities

/** By the verb, the last word of an action; what is not here changes something. */
const activityOfVerb: Readonly<Record<string, Activity>> = {
  read: 'read',
  probe: 'read',
  export: 'read',
  create: 'create',
  connect: 'create',
  start: 'create',
  delete: 'delete',
  destroy: 'delete',
  erase: 'delete',
  disconnect: 'delete',
  revoke: 'delete',
  revoke_upstream: 'delete',
  cancel: 'delete',
  refuse: 'other',
}

/** 1: informational; 2: low; 3: medium, a caller was refused. */
const severities = { ok: 1, intent: 1, failed: 2, denied: 3 } as const

const statuses = {
  ok: { status_id: 1, status: 'Success' },
  denied: { status_id: 2, status: 'Failure' },
  failed: { status_id: 2, status: 'Failure' },
  intent: { status_id: 99, status: 'Intent' },
} as const

/** An entry as an OCSF event of the class API Activity; a SIEM resumes by `metadata.sequence`. */
export function toOcsf(line: AuditLine): Record<string, unknown> {
  const verb = line.action.slice(line.action.lastIndexOf('.') + 1)
  const activity = (Object.hasOwn(activityOfVerb, verb) && activityOfVerb[verb]) || 'update'
  const activityId = activities[activity]
  return {
    category_uid: applicationActivity,
    category_name: 'Application Activity',
    class_uid: apiActivity,
    class_name: 'API Activity',
    activity_id: activityId,
    activity_name: activity[0]?.toUpperCase() + activity.slice(1),
    type_uid: apiActivity * 100 + activityId,
    time: Date.parse(line.at),
    severity_id: severities[line.result],
    ...statuses[line.result],
    ...(line.reason !== null && { status_detail: line.reason }),
    actor: actorOf(line.actor),
    api: {
      operation: line.action,
      service: { name: 'keywell' },
      ...(line.requestId !== null && { request: { uid: line.requestId } }),
    },
    // The log holds no address; who called is the nearest that it knows.
    src_endpoint: { name: line.actor },
    ...(line.connectionId !== null && { resources: [connectionOf(line.connectionId, line)] }),
    metadata: {
      version: schemaVersion,
      product: { name: 'Keywell', vendor_name: 'Keywell' },
      log_name: 'audit',
      uid: line.id,
      sequence: line.position,
      tenant_uid: line.tenantId,
      event_code: line.action,
      ...(line.requestId !== null && { correlation_uid: line.requestId }),
    },
    unmapped: {
      generation: line.generation,
      user_id: line.userId,
      link: line.link,
      ...(line.call !== null && { call: line.call }),
    },
  }
}

function actorOf(actor: string): Record<string, unknown> {
  const [kind, id] = splitOnce(actor)
  if (id === '') return { app_name: actor }
  if (kind === 'user') return { user: { uid: id, type_id: 1, type: 'User' } }
  return { app_uid: id, app_name: kind }
}

function connectionOf(uid: string, { userId }: AuditLine): Record<string, unknown> {
  return { uid, type: 'connection', ...(userId !== null && { owner: { uid: userId } }) }
}

/** An id may hold a colon of its own. */
function splitOnce(actor: string): [string, string] {
  const colon = actor.indexOf(':')
  return colon < 0 ? [actor, ''] : [actor.slice(0, colon), actor.slice(colon + 1)]
}
