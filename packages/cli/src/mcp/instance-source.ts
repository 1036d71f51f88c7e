/** Tools of an instance, run with the one credential of the settings. Neither the service nor a database is needed. */
import { defaultPolicy, type ToolPolicy } from '@keywell/tools'
import type { McpServerFactory } from '@modelcontextprotocol/server'
import { type Checked, type CheckParts, checkCredential, readUser, usableTools } from './checks.ts'
import { openCredential } from './credential.ts'
import { askHealth } from './health.ts'
import { openInstance } from './instance.ts'
import type { Log } from './log.ts'
import { findPlace } from './place.ts'
import { createPorts } from './ports.ts'
import { type Choice, serveTools } from './profiles.ts'
import type { Settings } from './settings.ts'
import type { Source } from './source.ts'
import { createTools, limitsOf } from './tools.ts'

export function openInstanceSource(
  provider: string,
  { settings, log }: { readonly settings: Settings; readonly log: Log },
): Source {
  const place = findPlace(provider, settings)
  const instance = openInstance(settings)
  const credential = openCredential({ settings, place, instance, now: Date.now })
  const parts: CheckParts = { place, instance, credential, readOnly: settings.readOnly }
  return {
    check: () => check(parts),
    open: (choice) => openServer(parts, { settings, choice, log }),
    close: instance.close,
  }
}

async function* check(parts: CheckParts): AsyncGenerator<string> {
  const { scopes, endsAt } = await checkCredential(parts)
  yield `${parts.place.host} answers, and takes the token`
  yield `scopes: ${scopes?.join(', ') ?? 'not told'}`
  yield `ends: ${endsAt?.toISOString().slice(0, 10) ?? 'not told'}`
  yield `user: ${(await readUser(parts)) ?? 'not told'}`
  yield `${usableTools(parts, scopes).length} tools${parts.readOnly ? ', read-only' : ''}`
}

async function openServer(
  parts: CheckParts,
  { settings, choice, log }: { settings: Settings; choice: Choice; log: Log },
): Promise<McpServerFactory> {
  const checked = await checkCredential(parts)
  const provider = parts.place.provider.name
  const policy = policyOf(settings, choice, limitsOf(provider, choice.names))
  const ports = createPorts({
    ...parts,
    policy,
    log,
    scopes: checked.scopes,
    health: () => askHealth(parts),
    now: Date.now,
  })
  const tools = createTools(ports, { policy, usable: usableTools(parts, checked.scopes) })
  announce(parts, checked, log)
  const { profile } = choice
  return serveTools(tools, { provider, profile, defaultPlaces: policy.defaultPlaces })
}

/** The strictest that the settings say; a person is asked by the client, which is at hand. */
function policyOf(
  settings: Settings,
  { profile }: Choice,
  limits: Pick<ToolPolicy, 'names' | 'denied'>,
): ToolPolicy {
  return {
    ...defaultPolicy,
    ...limits,
    readOnly: settings.readOnly || profile === 'read',
    readOnlyBy: settings.readOnly ? settings.readOnlyBy : '--profile read',
    approval: 'never',
    defaultPlaces: settings.defaultPlaces,
    rateLimit: settings.rateLimit,
  }
}

function announce({ place }: CheckParts, { scopes, endsAt }: Checked, log: Log): void {
  log.info('serving', { host: place.host, scopes, tokenEndsAt: endsAt?.toISOString() })
}
