import type {
  HostCheck,
  KeywellError,
  PlaceView,
  ProviderBrand,
  ProviderDefinition,
  TenantPolicy,
} from '@keywell/protocol'
import {
  defaultHostOf,
  defaultScopesOf,
  findViolation,
  isHostOf,
  isMeantBy,
  isPlaceTold,
  keyMethods,
  kindWords,
} from '@keywell/providers'
import type { Catalogue } from '../catalogue.ts'
import { serves } from '../oauth/app-place.ts'
import type { Integrations, UsableIntegration } from '../oauth/integrations.ts'
import { readTenantPolicy } from '../policy/tenant-policies.ts'
import { brandOf } from '../provider-brand.ts'
import { viewGroups, viewPresets } from '../scope-views.ts'
import { type ConnectionRow, findConnection } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { SessionLink, SessionPolicy, SessionRow } from '../store/sessions.ts'
import { allowedMethods } from './choose-method.ts'
import { choosableHosts, viewPlace } from './place-view.ts'
import { picked, registeredScopes, scopeOptions, takesKeys } from './session-options.ts'
import { ownerOfSession } from './session-request.ts'

/** The page of a link, as data: what it says comes from the session and the definitions of providers. */
export interface LinkView {
  /** The secret of the link, which its form is sent to. */
  text: string
  link: SessionLink
  /** The app, by the host of its return URL; null: nothing leads back to it. */
  app: string | null
  providers: readonly ProviderName[]
  /** Null: one is to be chosen first. */
  choice: ProviderChoice | null
  /** Why it did not go on. */
  error: KeywellError | null
  /** What was found at the address that was typed, when it will not do. */
  foundHost: HostCheck | null
}

export type ProviderName = Pick<ProviderDefinition, 'name'> & ProviderBrand

/** What a person chose on the page so far. Nothing of it is believed before a flow is planned. */
export interface LinkChoice {
  provider?: string | undefined
  /** One of those that are offered. */
  host?: string | undefined
  /** An address as it was typed, which is meant in place of it. */
  typedHost?: string | undefined
  method?: string | undefined
  preset?: string | undefined
  /** Optional ones. Default: those of the preset, else those that the provider's definition takes by default. */
  scopes?: readonly string[] | undefined
}

/** One provider, with all that can be chosen there. */
export interface ProviderChoice {
  provider: ProviderName
  /** The account that is connected already; null: none is. */
  account: string | null
  hosts: readonly string[]
  host: string | null
  /** Whether another address may be typed. */
  takesTypedHost: boolean
  /** What is to be typed in place of an address; null: nothing else. */
  place: PlaceView | null
  typedHost: string
  methods: readonly MethodKind[]
  method: MethodKind
  /** What its keys are called; null: it has none. */
  keyTitle: string | null
  scopes: readonly ScopeChoice[]
  groups: readonly { name: string; title: string }[]
  presets: readonly (ReturnType<typeof viewPresets>[number] & { isChosen: boolean })[]
}

/** The word for a kind. Of several methods of one kind the first is used. */
export type MethodKind = (typeof kindWords)[keyof typeof kindWords]

export type ScopeChoice = ReturnType<typeof scopeOptions>[number] & { isChosen: boolean }

export interface LinkViewParts {
  catalogue: Catalogue
  database: Database
  integrations: Pick<Integrations, 'usable'>
}

/** What a link's page offers. */
export async function describeLink(
  parts: LinkViewParts,
  session: SessionRow & { policy: { link: SessionLink } },
  text: string,
  choice: LinkChoice,
): Promise<LinkView> {
  const { policy } = session
  const offers = await listOffers(parts, session)
  const chosen =
    offers.find(({ provider }) => provider.name === choice.provider) ??
    (offers.length === 1 ? offers[0] : undefined)
  return {
    text,
    link: policy.link,
    app: policy.returnUrl === null ? null : new URL(policy.returnUrl).host,
    providers: offers.map(({ provider }) => ({ name: provider.name, ...brandOf(provider) })),
    choice: chosen === undefined ? null : describeChoice(policy, chosen, choice),
    error: null,
    foundHost: null,
  }
}

/** A provider that the session can connect. */
interface Offer {
  provider: ProviderDefinition
  /** The connection to reconnect; undefined: there is none. */
  reconnected: ConnectionRow | undefined
  hosts: string[]
  place: PlaceView | null
  scopes: ReturnType<typeof scopeOptions>
}

async function listOffers(
  { catalogue, database, integrations }: LinkViewParts,
  session: SessionRow,
): Promise<Offer[]> {
  const { tenantId, policy } = session
  const sql = database.of(tenantId)
  const tenantPolicy = await readTenantPolicy(sql, tenantId)
  const usable = picked(await integrations.usable(tenantId))
  const found =
    policy.connectionId === null
      ? undefined
      : await findConnection(sql, tenantId, policy.connectionId)
  const reconnected = found?.userId === ownerOfSession(session) ? found : undefined
  const names = namesOf(catalogue.list(tenantId), policy, usable).filter(
    (name) => (reconnected?.provider ?? name) === name,
  )
  return names.flatMap((name) => {
    const provider = catalogue.get(tenantId, name)
    const own = usable.filter((integration) => integration.provider === name)
    const isTold = isPlaceTold(provider)
    const known = [
      ...own.map(({ host }) => host).filter((host) => isHostOf(provider, host)),
      ...(takesKeys(policy, provider) ? [defaultHostOf(provider) ?? []].flat() : []),
      ...choosableHosts(provider).filter(
        (host) =>
          takesKeys(policy, provider) || own.some((app) => serves(provider, app.host, host)),
      ),
    ]
    const hosts = [...new Set(reconnected === undefined ? known : [reconnected.host])]
      .filter((host) => policy.hosts?.includes(host) ?? true)
      .filter((host) => findViolation(tenantPolicy, { provider, host }) === undefined)
    // A person ticks the scopes of a key, so all of the provider's are there.
    const registered = takesKeys(policy, provider)
      ? provider.scopes.map(({ name: scope }) => scope)
      : registeredScopes(
          policy,
          name,
          own.filter(({ host }) => isTold || hosts.includes(host)),
        )
    const scopes = scopeOptions(provider, registered, policy, tenantPolicy)
    const place = typedPlaceOf(policy, tenantPolicy, { provider, reconnected })
    const isOffered = hosts.length > 0 || place !== null || (isTold && own.length > 0)
    return isOffered ? [{ provider, reconnected, hosts, place, scopes }] : []
  })
}

/** A label or a segment that makes an address of the provider; null where none may be typed. */
function typedPlaceOf(
  { hosts }: SessionPolicy,
  tenantPolicy: TenantPolicy,
  { provider, reconnected }: Pick<Offer, 'provider' | 'reconnected'>,
): PlaceView | null {
  const place = viewPlace(provider)
  const isFree = reconnected === undefined && hosts === null
  const isAllowed = findViolation(tenantPolicy, { provider }) === undefined
  return isFree && isAllowed && place?.kind !== 'choice' ? place : null
}

function namesOf(
  providers: readonly ProviderDefinition[],
  policy: SessionPolicy,
  usable: readonly UsableIntegration[],
): string[] {
  const registered = usable.map(({ provider }) => provider)
  const withKeys = providers.filter((provider) => takesKeys(policy, provider))
  const names = new Set([...registered, ...withKeys.map(({ name }) => name)])
  return [...names].filter((name) => policy.providers?.includes(name) ?? true)
}

/** The kinds of methods that a session allows of a provider, in the order of the session. */
function kindsOf(policy: SessionPolicy, provider: ProviderDefinition): MethodKind[] {
  const allowed = allowedMethods(policy, provider)
  const meant = policy.methods.flatMap((name) => allowed.filter((each) => isMeantBy(each, name)))
  return [...new Set(meant.map(({ kind }) => kindWords[kind]))]
}

function describeChoice(
  policy: SessionPolicy,
  { provider, reconnected, hosts, place, scopes }: Offer,
  choice: LinkChoice,
): ProviderChoice {
  const { name, instance } = provider
  const methods = kindsOf(policy, provider)
  const presets = viewPresets(provider, scopes)
  const isChosen = chosenScopes(provider, presets, choice)
  const { username = null, name: accountName = null, id = null } = reconnected?.account ?? {}
  return {
    provider: { name, ...brandOf(provider) },
    account: username ?? accountName ?? id,
    hosts,
    host: hostOf(policy, name, hosts, choice),
    takesTypedHost:
      place !== null ||
      (reconnected === undefined && policy.hosts === null && instance !== undefined),
    place,
    typedHost: choice.typedHost ?? '',
    methods,
    method: methods.find((method) => method === choice.method) ?? methods[0] ?? 'oauth',
    keyTitle: keyMethods(provider)[0]?.title ?? null,
    scopes: scopes.map((scope) => ({ ...scope, isChosen: scope.required || isChosen(scope.name) })),
    groups: viewGroups(provider, scopes),
    presets: presets.map((preset) => ({ ...preset, isChosen: preset.name === choice.preset })),
  }
}

function chosenScopes(
  provider: ProviderDefinition,
  presets: ReturnType<typeof viewPresets>,
  { scopes, preset }: LinkChoice,
): (scope: string) => boolean {
  const ofPreset = presets.find(({ name }) => name === preset)?.scopes
  const chosen = scopes ?? ofPreset ?? defaultScopesOf(provider)
  return (scope) => chosen.includes(scope)
}

function hostOf(
  { defaultHosts = {} }: SessionPolicy,
  provider: string,
  hosts: readonly string[],
  { host }: LinkChoice,
): string | null {
  const preferred = Object.hasOwn(defaultHosts, provider) ? defaultHosts[provider] : undefined
  const [only] = hosts.length === 1 ? hosts : []
  return (
    hosts.find((each) => each === host) ?? hosts.find((each) => each === preferred) ?? only ?? null
  )
}
