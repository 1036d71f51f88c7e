import type { RefreshTokenRenewal } from '@keywell/protocol'
import { faults, type Settings } from '@keywell/sandbox'
import { gitlabRenewal, renewedBy } from '../../support/renewed-by.ts'
import { must } from '../../support/stage.ts'
import { type Fleet, startFleet } from '../fleet.ts'
import { settle, shortTiming, until } from '../load.ts'
import { type Outcome, type Scenario, unless } from '../scenario.ts'

interface Parameters {
  connections: number
  rotations: readonly (keyof typeof rotations)[]
  /** Which share of the answers is dropped after the pair was made. */
  share: number
}

const graceSeconds = 600
/** What is declared of a provider, and what the sandbox then does. */
const rotations = {
  none: { declared: { rotation: 'none' }, done: { mode: 'none' } },
  none_new_each_time: {
    declared: { rotation: 'none', newEachTime: true },
    done: { mode: 'none', newEachTime: true },
  },
  until_used: { declared: { rotation: 'until_used' }, done: { mode: 'until_used' } },
  grace: {
    declared: { rotation: 'grace', graceSeconds },
    done: { mode: 'grace', graceSeconds, graceAnswer: 'sibling' },
  },
  grace_then_family: {
    declared: { rotation: 'grace_then_family', graceSeconds },
    done: { mode: 'grace_then_family', graceSeconds, graceAnswer: 'sibling' },
  },
} satisfies Record<string, { declared: Partial<RefreshTokenRenewal>; done: Settings['rotation'] }>
const renewalOf = (name: keyof typeof rotations) =>
  gitlabRenewal({ revokesOldAccessToken: false, ...rotations[name].declared })

export const answersAskedAgain: Scenario<Parameters> = {
  title:
    'Answers are dropped where a used refresh token works again: all are asked for again in time, none later, and nothing is lost.',
  short: {
    connections: 20,
    rotations: ['none', 'until_used', 'grace', 'grace_then_family'],
    share: 0.3,
  },
  long: {
    connections: 400,
    rotations: ['none', 'none_new_each_time', 'until_used', 'grace', 'grace_then_family'],
    share: 0.3,
  },

  async run({ connections, rotations: names, share }) {
    const definition = renewedBy(renewalOf('none'))
    const fleet = await startFleet({
      replicas: 1,
      connections,
      timing: shortTiming,
      definition,
    })
    try {
      const violations: string[] = []
      let dropped = 0
      for (const [round, name] of names.entries()) {
        await fleet.replace(0, { providers: [renewedBy(renewalOf(name))] })
        await fleet.control.change({ rotation: rotations[name].done })
        dropped += await dropSome(fleet, { share, generation: round + 2 })
        violations.push(...(await lossesOf(fleet, { name, generation: round + 2 })))
      }
      const isFamily = names.at(-1) === 'grace_then_family'
      const late = isFamily ? await comeTooLate(fleet) : { figures: {}, violations: [] }
      violations.push(...unless(dropped > 0, 'no answer was dropped, so nothing was tried'))
      return {
        figures: { connections, droppedAnswers: dropped, ...late.figures },
        violations: [...violations, ...late.violations],
      }
    } finally {
      await fleet.stop()
    }
  },
}

/** Refreshes everything while answers get lost. Resolves when all is settled, with how many were. */
async function dropSome(
  fleet: Fleet,
  { share, generation }: { share: number; generation: number },
): Promise<number> {
  await fleet.control.resetCounters()
  await fleet.control.addFault({ ...faults.dropAfterRotation(), ratio: share })
  await fleet.makeDue()
  const all = fleet.connections.length
  const made = async () => (await fleet.control.refreshes()).filter(({ issued }) => issued).length
  await until('each was asked', async () => (await made()) >= all, 60_000)
  await fleet.control.clearFaults()
  await settle(fleet, { agesDoubts: false })
  await until(`generation ${generation}`, async () => {
    const rows = await fleet.sql.query<{ generation: number }>('select generation from credentials')
    return rows.every((row) => row.generation === generation)
  })
  return countDropped(fleet)
}

async function countDropped({ control }: Fleet): Promise<number> {
  return (await control.refreshes()).filter(({ issued, delivered }) => issued && !delivered).length
}

/** Each connection is well, and the provider takes what is stored. */
async function lossesOf(
  fleet: Fleet,
  { name, generation }: { name: string; generation: number },
): Promise<string[]> {
  const ended = await fleet.sql.query<{ id: string; status: string; reason: string }>(
    `select id, status, reason from connections where status <> 'active' or health <> 'ok'`,
  )
  const tokens = new Map(
    (await fleet.control.tokens()).map((token) => [token.accessToken, token.revokedAt]),
  )
  const violations = ended.map((row) => `${name}: ${JSON.stringify(row)} is not well`)
  for (const { tenantId, userId, id } of fleet.connections) {
    const { credential, generation: read } = must<Record<string, unknown>>(
      await fleet.stage.read({ tenantId, userId }),
      200,
    )
    const lives = tokens.get(String(credential)) === null
    violations.push(...unless(lives && read === generation, `${name}: ${id} has a dead pair`))
  }
  return violations
}

/** Nobody comes back to a lost answer before its grace is over: then nothing is sent while a token has time. */
async function comeTooLate(fleet: Fleet): Promise<Outcome> {
  await fleet.control.resetCounters()
  // When all are dropped, a host is soon asked once a second only.
  const some = fleet.connections.slice(0, 8)
  await fleet.control.addFault(faults.dropAfterRotation())
  await fleet.makeDue({ ids: some.map(({ id }) => id) })
  const isAsked = async () => {
    const records = await fleet.control.refreshes()
    const grants = records.filter(({ issued, delivered }) => issued && !delivered)
    return new Set(grants.map(({ grantId }) => grantId)).size === some.length
  }
  await until('each answer is dropped', isAsked, 60_000)
  await Promise.all(fleet.replicas.map((replica) => replica.kill()))
  await fleet.control.clearFaults()
  const aged = await fleet.sql.query<{ id: string }>(
    `update refresh_schedule set unresolved_since = unresolved_since - interval '1 hour',
       refresh_at = now(), lease_until = null
     where unresolved_since is not null returning connection_id as id`,
  )
  // A repeat of the round before leaves some of the others to be looked at, too.
  const left = some.filter(({ id }) => aged.some((row) => row.id === id)).length
  await fleet.control.change({ clockOffsetMs: 3_600_000 })
  await fleet.control.resetCounters()
  await fleet.replace(0)
  await until('each was looked at', async () => {
    const rows = await fleet.sql.query(
      `select connection_id from refresh_schedule
       where unresolved_since is not null
         and (refresh_at < now() + interval '30 minutes' or lease_until is not null)`,
    )
    return rows.length === 0
  })
  const sent = (await fleet.control.refreshes()).length
  // They are listed in the order of their making.
  const newest = new Map((await fleet.control.tokens()).map((token) => [token.grantId, token]))
  const isEnded = ({ grantId }: { grantId: string }) => newest.get(grantId)?.revokedAt !== null
  const familiesEnded = some.filter(isEnded).length
  return {
    figures: { leftAlone: left, sentTooLate: sent, familiesEnded },
    violations: [
      ...unless(left === some.length, `${left} of ${some.length} had no outcome`),
      ...unless(sent === 0, `${sent} refresh tokens were sent again after their grace`),
      ...unless(familiesEnded === 0, `${familiesEnded} families were ended`),
    ],
  }
}
