/** A definition as it is sent, made whole and checked. */
import { type DefinitionFault, KeywellError, type ProviderDefinition } from '@keywell/protocol'
import {
  calledAddresses,
  checkDefinition,
  isPreset,
  isTenantsOwn,
  maxDefinitionBytes,
  mergePatch,
  ownNamePrefix,
  readPreset,
} from '@keywell/providers'
import type { OpenCatalogue } from '../catalogue.ts'
import { type Outbound, OutboundError } from '../outbound/outbound.ts'

export interface SentDefinition {
  /** Undefined: it is the installation's. */
  tenantId?: string | undefined
  definition?: Readonly<Record<string, unknown>> | undefined
  extends?: string | undefined
  patch?: Readonly<Record<string, unknown>> | undefined
}

interface ReadParts {
  catalogue: Pick<OpenCatalogue, 'fixed'>
  outbound: Pick<Outbound, 'checkUrl'>
}

/** Places that an error names, at most. */
const maxProblems = 50

/**
 * @throws KeywellError `invalid_definition` with each place, `provider_reserved` for a name that is not the owner's to
 * give, `unknown_provider` for one to extend that is not bundled
 */
export function readSent(parts: ReadParts, sent: SentDefinition): ProviderDefinition {
  const read = checkSent(parts.catalogue, sent)
  if ('problems' in read) throw invalidDefinition(read.problems)
  const { definition } = read
  requireOwnName(definition.name, sent.tenantId)
  const { byteLength } = new TextEncoder().encode(JSON.stringify(definition))
  const problems =
    byteLength > maxDefinitionBytes
      ? [{ pointer: '', reason: 'is larger than 64 KiB' }]
      : addressProblems(parts.outbound, definition, sent.tenantId)
  if (problems.length > 0) throw invalidDefinition(problems)
  return definition
}

function checkSent(
  catalogue: ReadParts['catalogue'],
  { definition, extends: name, patch = {} }: SentDefinition,
): ReturnType<typeof checkDefinition> {
  if (name === undefined) {
    return isPreset(definition) ? readPreset(definition) : checkDefinition(definition)
  }
  const bundled = catalogue.fixed(name)
  if (bundled !== undefined) return checkDefinition(mergePatch(bundled, patch))
  throw new KeywellError('unknown_provider', `There is no bundled provider "${name}" to extend.`)
}

/** Names say whose a provider is. @throws KeywellError `provider_reserved` */
function requireOwnName(name: string, tenantId: string | undefined): void {
  if (isTenantsOwn({ name }) === (tenantId !== undefined)) return
  throw tenantId === undefined
    ? new KeywellError(
        'provider_reserved',
        `Names that begin with ${ownNamePrefix} are for providers of one tenant.`,
        { nextStep: 'Name the tenant, or choose another name.' },
      )
    : new KeywellError(
        'provider_reserved',
        `A provider of a tenant has a name that begins with ${ownNamePrefix}, and ${name} does not.`,
        { nextStep: `Choose another name, such as ${ownNamePrefix}${name}.` },
      )
}

/**
 * Addresses that may not be called, as far as it can be seen beforehand. What names resolve to is looked at with each
 * call, and so is what a variable makes of an address.
 */
function addressProblems(
  outbound: ReadParts['outbound'],
  definition: ProviderDefinition,
  tenantId: string | undefined,
): DefinitionFault[] {
  const called = new Set([
    ...calledAddresses(definition),
    definition.api.base,
    ...(definition.api.also ?? []),
    ...definition.auth.flatMap((method) => ('authorize' in method ? [method.authorize.url] : [])),
  ])
  const caller = { tenantId, isOwn: tenantId !== undefined }
  return leavesOf(definition, '').flatMap(({ pointer, text }) => {
    const origin = called.has(text) ? /^https?:\/\/[^/?#]+/.exec(text)?.[0] : undefined
    if (origin === undefined) return []
    try {
      outbound.checkUrl(origin.replaceAll(/\{[^{}]*\}/g, 'x'), caller)
      return []
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error
      return [{ pointer, reason: error.message }]
    }
  })
}

/** Every text in a value, with its place. */
function leavesOf(value: unknown, pointer: string): { pointer: string; text: string }[] {
  if (typeof value === 'string') return [{ pointer, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`),
  )
}

function invalidDefinition(all: readonly DefinitionFault[]): KeywellError {
  const problems = all.slice(0, maxProblems)
  const said = problems
    .slice(0, 5)
    .map(({ pointer, reason }) => [pointer, reason].filter((part) => part !== '').join(': '))
  return new KeywellError('invalid_definition', `The definition is not right. ${said.join('; ')}`, {
    problems,
  })
}
