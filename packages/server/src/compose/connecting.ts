import type { ConnectTokens } from '../auth/connect-token.ts'
import { readAppOrigins } from '../connect/app-origins.ts'
import { createCallback } from '../connect/callback.ts'
import { createConfirm } from '../connect/confirm.ts'
import type { ConnectMacs } from '../connect/connect-macs.ts'
import { type CreateConnection, createCreateConnection } from '../connect/create-connection.ts'
import { createEndFlow } from '../connect/end-flow.ts'
import { createFlowWatch, type FlowWatch } from '../connect/flow-watch.ts'
import { createFlows, type Flows } from '../connect/flows.ts'
import { createOneTimeCodes } from '../connect/one-time-code.ts'
import { createSessions, type Sessions } from '../connect/sessions.ts'
import { createStoreConnection } from '../connect/store-connection.ts'
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
  confirm: ReturnType<typeof createConfirm>
  createConnection: CreateConnection
}

export function createConnecting(
  platform: Platform,
  background: Background,
  { tokens, peppers }: { tokens: ConnectTokens; peppers: Peppers<ConnectMacs> },
  options: KeywellOptions,
): Connecting {
  const { database, vault, logger, metrics, tracing, makeId, publicUrl } = platform
  const { randomBytes: random, jitter, sleep, after, timing } = platform
  const { outbound, integrations, box, disconnector } = background
  const { audit } = background.log
  const appOrigins = readAppOrigins(options.appOrigins)
  const sessions = createSessions({
    database,
    logger,
    peppers,
    tokens,
    integrations,
    audit,
    makeId,
    publicUrl,
    appOrigins,
  })
  const storeConnection = createStoreConnection({ database, box, audit, makeId, jitter })
  const codes = createOneTimeCodes({ database, peppers, audit, random, logger })
  const endFlow = createEndFlow({ database, disconnector, audit, logger, sleep })
  const flows = createFlows({
    database,
    vault,
    logger,
    sessions,
    codes,
    integrations,
    audit,
    makeId,
    random,
    publicUrl,
  })
  const { look } = flows
  return {
    sessions,
    flows,
    flowWatch: createFlowWatch({ database, look, logger, after }),
    callback: createCallback({ database, vault, logger, sessions, codes, audit }),
    confirm: createConfirm({
      database,
      vault,
      logger,
      outbound,
      sessions,
      codes,
      integrations,
      storeConnection,
      endFlow,
      disconnector,
      audit,
      timing,
      tracing,
    }),
    createConnection: createCreateConnection({
      database,
      outbound,
      metrics,
      tracing,
      integrations,
      storeConnection,
      audit,
    }),
  }
}
