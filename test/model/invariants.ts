/** What must hold at every moment; see also the moves, each of which says what it itself violates. */
import { accessLives, isUsable } from './provider.ts'
import type { Configuration } from './rules.ts'
import type { World } from './world.ts'

/** The first sentence that is untrue of this moment; undefined: all hold. */
export function violationIn(world: World, configuration: Configuration): string | undefined {
  return Object.entries(untrue).find(([, isUntrue]) => isUntrue(world, configuration))?.[0]
}

const untrue: Record<string, (world: World, configuration: Configuration) => boolean> = {
  'a connection is dead, and its stored pair lives': ({ tables, provider }) =>
    tables.schedule?.state === 'dead' &&
    tables.credential !== null &&
    isUsable(provider, tables.credential.pair),

  'a pair is lost where nothing can be lost': ({ tables, provider }, { refresh }) =>
    (refresh.rotation === 'none' || refresh.rotation === 'until_used') &&
    tables.credential !== null &&
    provider.grantLives &&
    !isUsable(provider, tables.credential.pair),

  'a valid access token is not served': ({ tables, provider, time }) =>
    tables.credential !== null &&
    time !== 'ended' &&
    accessLives(provider, tables.credential.pair) &&
    tables.connection.status !== 'active',

  'a loss is not called lost_rotation': ({ tables, provider }) =>
    tables.schedule?.state === 'dead' &&
    provider.grantLives &&
    tables.connection.reason !== 'lost_rotation',

  'nothing is lost where it is minted, and a reason says otherwise': ({ tables }, { minted }) =>
    minted === true && tables.connection.reason === 'lost_rotation',

  'worker and user see different ends': ({ tables: { schedule, connection } }) =>
    schedule !== null && (schedule.state === 'dead') === (connection.status === 'active'),
}
