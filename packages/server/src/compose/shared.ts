import type { Audit } from '../audit/audit.ts'
import { type AuditLog, createAuditLog } from '../audit/audit-log.ts'
import { createTokenBox } from '../credentials/token-box.ts'
import { FollowedDefinitions } from '../custom-providers/followed-definitions.ts'
import {
  createDefinitionVersions,
  type DefinitionVersions,
} from '../definition-versions/definition-versions.ts'
import {
  createDefinitionMacs,
  type DefinitionMacs,
  definitionPepperLabel,
} from '../definition-versions/stored-definition.ts'
import { createPeppers, type Peppers } from '../encryption-keys/peppers.ts'
import { createIntegrations, type Integrations } from '../oauth/integrations.ts'
import { createSuspension, type Suspension } from '../oauth/suspension.ts'
import type { TokenBox } from '../oauth/token-set.ts'
import type { KeywellOptions } from '../options.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { createSigningKey, type SigningKey } from '../signing/signing-key.ts'
import { createOutbounds } from './outbounds.ts'
import type { Platform } from './platform.ts'

/** What background work and requests share. */
export interface Shared {
  /** To providers. */
  outbound: Outbound
  /** To receivers of webhooks. */
  toReceivers: Outbound
  /** Signs the heads of audit chains. */
  headKey: SigningKey
  log: AuditLog
  audit: Audit
  integrations: Integrations
  suspension: Suspension
  box: TokenBox
  /** Definitions of providers by the API. */
  definitions: {
    followed: FollowedDefinitions
    peppers: Peppers<DefinitionMacs>
    versions: DefinitionVersions
  }
}

export function createShared(platform: Platform, options: KeywellOptions): Shared {
  const { catalogue, database, vault, logger, metrics, makeId, publicUrl, after, timing } = platform
  const { toProviders: outbound, toReceivers } = createOutbounds(platform, options)
  const headKey = createSigningKey({ database, vault, logger, name: 'audit-heads' })
  const log = createAuditLog({
    database,
    vault,
    headKey,
    publicUrl,
    logger,
    metrics,
    makeId,
    after,
    auditDays: options.auditDays,
  })
  const { audit } = log
  const definitions = createDefinitions(platform)
  return {
    outbound,
    toReceivers,
    headKey,
    log,
    audit,
    integrations: createIntegrations({
      catalogue,
      versions: definitions.versions,
      database,
      vault,
      outbound,
      audit,
      logger,
      publicUrl,
      makeId,
    }),
    suspension: createSuspension({ audit, logger, timing }),
    box: createTokenBox({ vault, logger }),
    definitions,
  }
}

function createDefinitions(platform: Platform): Shared['definitions'] {
  const peppers = createPeppers(platform.vault, definitionPepperLabel, createDefinitionMacs)
  const versions = createDefinitionVersions({ ...platform, peppers })
  return { peppers, versions, followed: new FollowedDefinitions({ ...platform, peppers }) }
}
