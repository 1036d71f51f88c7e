import type { ConnectTokens } from '../auth/connect-token.ts'
import { readAppOrigins } from '../connect/app-origins.ts'
import { createCallback } from '../connect/callback.ts'
import { type CheckHost, createCheckHost } from '../connect/check-host.ts'
import { createConfirm } from '../connect/confirm.ts'
import type { ConnectMacs } from '../connect/connect-macs.ts'
import { type CreateConnection, createCreateConnection } from '../connect/create-connection.ts'
import { createDeviceFlows, type DeviceFlows } from '../connect/device-flows.ts'
import { createDeviceForms, type DeviceForms } from '../connect/device-form.ts'
import { createShowDone, type ShowDone } from '../connect/done-page.ts'
import { createEndFlow, type EndFlow } from '../connect/end-flow.ts'
import { createFlowWatch, type FlowWatch } from '../connect/flow-watch.ts'
import { createFlows, type Flows } from '../connect/flows.ts'
import { createKeyForms, type KeyForms } from '../connect/key-form.ts'
import { createLinkForms, type LinkForms } from '../connect/link-form.ts'
import { createLinks } from '../connect/links.ts'
import { createOneTimeCodes, type OneTimeCodes } from '../connect/one-time-code.ts'
import { createSessions, type Sessions } from '../connect/sessions.ts'
import { createStoreConnection, type StoreConnection } from '../connect/store-connection.ts'
import { type AccountUses, createAccountUses } from '../credentials/account-uses.ts'
import { createTryDefinition, type TryDefinition } from '../custom-providers/try-definition.ts'
import type { Peppers } from '../encryption-keys/peppers.ts'
import type { KeywellOptions } from '../options.ts'
import type { Background } from './background.ts'
import type { Platform } from './platform.ts'

/** What makes connections: sessions and flows of users, and keys that a backend brings. */
export interface Connecting {
  sessions: Sessions
  flows: Flows
  flowWatch: FlowWatch
  callback: ReturnType<typeof createCallback>
  keyForms: KeyForms
  deviceForms: DeviceForms
  deviceFlows: DeviceFlows
  linkForms: LinkForms
  showDone: ShowDone
  checkHost: CheckHost
  confirm: ReturnType<typeof createConfirm>
  createConnection: CreateConnection
  tryDefinition: TryDefinition
}

export function createConnecting(
  platform: Platform,
  background: Background,
  { tokens, peppers }: { tokens: ConnectTokens; peppers: Peppers<ConnectMacs> },
  options: KeywellOptions,
): Connecting {
  const { catalogue, database, vault, logger, makeId, publicUrl, randomBytes, after } = platform
  const { outbound, integrations, grants, disconnector, suspension } = background
  const { audit } = background.log
  const { metrics, tracing } = platform
  const links = createLinks({ database, peppers, audit, randomBytes, logger })
  const sessions = createSessions({
    catalogue,
    database,
    logger,
    peppers,
    tokens,
    integrations,
    links,
    audit,
    makeId,
    publicUrl,
    appOrigins: readAppOrigins(options.appOrigins),
  })
  const codes = createOneTimeCodes({ database, peppers, audit, randomBytes, logger })
  const flowParts = {
    catalogue,
    database,
    vault,
    logger,
    sessions,
    codes,
    integrations,
    outbound,
    suspension,
    audit,
    makeId,
    randomBytes,
    publicUrl,
  }
  const flows = createFlows(flowParts)
  const flowWatch = createFlowWatch({ database, look: flows.look, logger, after })
  const endFlow = createEndFlow({ database, audit, logger, sleep: platform.sleep })
  const accountUses = createAccountUses({ database, vault, randomBytes })
  const storeConnection = createStoring(platform, background, accountUses)
  const browser = { catalogue, database, vault, logger, sessions, codes, audit, publicUrl }
  const returning = { ...browser, integrations }
  const checkHost = createCheckHost({ catalogue, database, outbound, integrations })
  return {
    sessions,
    flows,
    flowWatch,
    callback: createCallback(returning),
    keyForms: createKeyForms({
      ...returning,
      outbound,
      metrics,
      tracing,
      integrations,
    }),
    deviceForms: createDeviceForms(returning),
    deviceFlows: createDeviceFlows({
      ...flowParts,
      storeConnection,
      endFlow,
      disconnector,
      grants,
      flowWatch,
      after,
    }),
    linkForms: createLinkForms({
      catalogue,
      database,
      integrations,
      audit,
      links,
      sessions,
      flows,
      checkHost,
      publicUrl,
    }),
    showDone: createShowDone({ ...returning, peppers }),
    checkHost,
    confirm: createConfirming(platform, background, {
      sessions,
      codes,
      peppers,
      accountUses,
      storeConnection,
      endFlow,
    }),
    tryDefinition: createTryDefinition({
      catalogue,
      database,
      outbound,
      metrics,
      tracing,
      accountUses,
      audit,
    }),
    createConnection: createCreateConnection({
      catalogue,
      database,
      outbound,
      metrics,
      tracing,
      integrations,
      accountUses,
      storeConnection,
      audit,
    }),
  }
}

function createStoring(
  { database, logger, makeId, jitter }: Platform,
  { box, log: { audit }, definitions: { versions } }: Background,
  accountUses: AccountUses,
): StoreConnection {
  return createStoreConnection({
    versions,
    database,
    accountUses,
    box,
    audit,
    logger,
    makeId,
    jitter,
  })
}

function createConfirming(
  { catalogue, database, vault, logger, metrics, tracing }: Platform,
  { outbound, integrations, disconnector, grants, suspension, log: { audit } }: Background,
  parts: {
    sessions: Sessions
    codes: OneTimeCodes
    peppers: Peppers<ConnectMacs>
    accountUses: AccountUses
    storeConnection: StoreConnection
    endFlow: EndFlow
  },
): Connecting['confirm'] {
  return createConfirm({
    catalogue,
    database,
    vault,
    logger,
    outbound,
    sessions: parts.sessions,
    codes: parts.codes,
    peppers: parts.peppers,
    integrations,
    accountUses: parts.accountUses,
    storeConnection: parts.storeConnection,
    endFlow: parts.endFlow,
    disconnector,
    grants,
    suspension,
    audit,
    metrics,
    tracing,
  })
}
