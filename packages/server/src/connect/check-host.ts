import {
  type checkHostSchema,
  type HostCheck,
  type Integration,
  KeywellError,
  type Method,
  type ProviderDefinition,
} from '@keywell/protocol'
import {
  addressOf,
  defaultHostOf,
  defaultScopesOf,
  findViolation,
  holds,
  isTenantsOwn,
  isTyped,
  variablesAt,
} from '@keywell/providers'
import type { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { InvalidHost } from '../host.ts'
import { readAnswer } from '../oauth/account.ts'
import { draftRequest, registrationGuide } from '../oauth/app-place.ts'
import { type Integrations, isFor } from '../oauth/integrations.ts'
import type { OnBehalfOf, Outbound } from '../outbound/outbound.ts'
import { requireAllowed } from '../policy/require-allowed.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import type { Database } from '../store/database.ts'
import type { SessionRow } from '../store/sessions.ts'
import { offeredMethods } from './choose-method.ts'
import { isKnownHost, isSelfManaged } from './connect-key.ts'
import { allowedScopes } from './scope-policy.ts'
import { readTypedPlace } from './typed-host.ts'

/** Of one look at one host. A person waits for it. */
const bounds = { timeoutMs: 4_000, maxBytes: 65_536 }

interface CheckHostParts {
  catalogue: Catalogue
  database: Database
  outbound: Outbound
  integrations: Pick<Integrations, 'list' | 'usable'>
}

/**
 * Finds the instance of a provider that a text means, and what it lacks to be connected.
 *
 * It calls what a browser names, so it says as little as it can: the request carries nothing, of the answer it
 * says only whether it is the provider's, and a host that may not be called looks like one that does not answer.
 *
 * @throws KeywellError when the text is no address, or session or policy allow none of its meanings
 */
export type CheckHost = (
  session: SessionRow,
  request: z.output<typeof checkHostSchema>,
) => Promise<HostCheck>

export function createCheckHost(parts: CheckHostParts): CheckHost {
  return async (session, request) => {
    const provider = parts.catalogue.get(session.tenantId, request.provider)
    const offered = offeredMethods(session.policy, provider, request.method)
    const hosts = await allowedHosts(parts, session, provider, parse(provider, request.host))
    const found = await lookFor(parts, session, provider, hosts)
    if (found.status !== 'found') return describeMissing(provider, found)
    return describeFound(parts, session, { provider, host: found.host, offered })
  }
}

function parse(provider: ProviderDefinition, text: string): string[] {
  try {
    return readTypedPlace(provider, text)
  } catch (error) {
    if (!(error instanceof InvalidHost)) throw error
    throw new KeywellError('host_not_allowed', error.message)
  }
}

/** Those that session and policy allow. Nothing else is called, so that neither can be asked about the rest. */
async function allowedHosts(
  { database }: CheckHostParts,
  { tenantId, policy }: SessionRow,
  provider: ProviderDefinition,
  hosts: readonly string[],
): Promise<readonly [string, ...string[]]> {
  if (policy.providers?.includes(provider.name) === false) {
    throw new KeywellError(
      'unknown_provider',
      `This connect session does not allow ${provider.title}.`,
    )
  }
  const ofSession = hosts.filter((host) => policy.hosts?.includes(host) ?? true)
  const [first] = ofSession
  if (first === undefined) {
    throw new KeywellError('host_not_allowed', `This connect session does not allow ${hosts[0]}.`)
  }
  const tenantPolicy = await readTenantPolicy(database.of(tenantId), tenantId)
  const [allowed, ...others] = ofSession.filter(
    (host) => findViolation(tenantPolicy, { provider, host }) === undefined,
  )
  if (allowed !== undefined) return [allowed, ...others]
  requireAllowed(tenantPolicy, { provider, host: first })
  throw new TypeError('unreachable')
}

type Found = { status: 'found' | 'not_recognised' | 'unreachable'; host: string }

/** The first that is the provider; else the first that answers; else the first. One after the other. */
async function lookFor(
  { outbound }: CheckHostParts,
  { tenantId }: SessionRow,
  provider: ProviderDefinition,
  hosts: readonly [string, ...string[]],
): Promise<Found> {
  const isOwn = isTenantsOwn(provider)
  let best: Found = { status: 'unreachable', host: hosts[0] }
  for (const typed of hosts) {
    const host = withScheme(outbound, typed, { tenantId, isOwn })
    if (host === defaultHostOf(provider)) return { status: 'found', host }
    const status = await look(outbound, provider, host, tenantId)
    if (status === 'found') return { status, host }
    // A name that does not answer does so for each path below it.
    if (status === 'unreachable' && best.status === 'unreachable') return { status, host }
    if (best.status === 'unreachable') best = { status, host }
  }
  return best
}

/** People write `http` out of habit. It is meant only where the operator has listed it. */
function withScheme(outbound: Outbound, host: string, caller: OnBehalfOf): string {
  return outbound.isListed(host, caller) ? host : host.replace(/^http:/, 'https:')
}

async function look(
  outbound: Outbound,
  provider: ProviderDefinition,
  host: string,
  tenantId: string,
): Promise<Found['status']> {
  const { instance } = provider
  // An address that is made of a label or a segment can be no other provider's.
  if (instance === undefined) return isSelfManaged(provider) ? 'not_recognised' : 'found'
  try {
    const url = addressOf(instance.url, variablesAt(provider, host))
    const answer = await readAnswer(
      await outbound.fetch(url, { ...bounds, tenantId, isOwn: isTenantsOwn(provider) }),
    )
    return holds(answer, instance.if) ? 'found' : 'not_recognised'
  } catch {
    return 'unreachable'
  }
}

const nothing = { methods: [], registration: null }

function describeMissing({ title }: ProviderDefinition, { status, host }: Found): HostCheck {
  if (status === 'not_recognised') {
    return {
      ...nothing,
      host,
      status,
      nextStep: `Something else than ${title} answers at ${host}. Copy the address from the browser, on any page of ${title}.`,
    }
  }
  return {
    ...nothing,
    host,
    status: 'unreachable',
    nextStep: `The service cannot reach ${host}. Check the spelling. A host on a private network has to be listed by the operator, in KEYWELL_ALLOW_HOSTS.`,
  }
}

async function describeFound(
  parts: CheckHostParts,
  session: SessionRow,
  {
    provider,
    host,
    offered,
  }: { provider: ProviderDefinition; host: string; offered: readonly [Method, ...Method[]] },
): Promise<HostCheck> {
  const { tenantId } = session
  const methods = await methodsAt(parts, session, provider, host)
  if (offered.some(({ id }) => methods.includes(id))) {
    return { host, status: 'ready', methods, nextStep: null, registration: null }
  }
  const [method] = offered
  const draft = await findDraft(parts, { tenantId, provider, method, host })
  const { page, steps } = registrationGuide(provider, method, host)
  return {
    host,
    status: 'not_registered',
    methods,
    nextStep:
      draft === undefined
        ? `Make a draft with ${draftRequest(provider, method, host)}; its answer has the redirect URI to register at ${page}.`
        : `Register an app at ${page} with the redirect URI and the scopes below, and add its client with PUT /v1/integrations/${draft.id}/client.`,
    registration: {
      page,
      redirectUri: draft?.redirectUri ?? null,
      scopes: draft?.scopes ?? scopesOf(session, provider, method),
      steps,
    },
  }
}

async function methodsAt(
  parts: CheckHostParts,
  { tenantId, policy }: SessionRow,
  provider: ProviderDefinition,
  host: string,
): Promise<string[]> {
  const usable = await parts.integrations.usable(tenantId)
  const isKnown = await isKnownHost(parts, { provider, host, tenantId })
  return offeredMethods(policy, provider)
    .filter((method) =>
      isTyped(method) ? isKnown : usable.some((app) => isFor(app, { provider, method, host })),
    )
    .map(({ id }) => id)
}

async function findDraft(
  { integrations }: CheckHostParts,
  {
    tenantId,
    ...app
  }: { tenantId: string; provider: ProviderDefinition; method: Method; host: string },
): Promise<Integration | undefined> {
  const lists = await Promise.all([integrations.list(tenantId), integrations.list(null)])
  return lists.flat().find((each) => isFor(each, app) && each.status === 'draft')
}

/** What an app would have to be registered with for this session. */
function scopesOf({ policy }: SessionRow, provider: ProviderDefinition, method: Method): string[] {
  if (!Object.hasOwn(policy.scopes, provider.name)) return [...defaultScopesOf(provider, method)]
  const all = provider.scopes.map(({ name }) => name)
  return [...allowedScopes(policy, provider, all).ceiling]
}
