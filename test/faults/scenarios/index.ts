import type { Scenario } from '../scenario.ts'
import { answersAskedAgain } from './answers-asked-again.ts'
import { clientRefused } from './client-refused.ts'
import { databaseRestarts } from './database-restarts.ts'
import { disconnectInFlight } from './disconnect-in-flight.ts'
import { drain } from './drain.ts'
import { falseRefusals } from './false-refusals.ts'
import { killPoints } from './kill-points.ts'
import { lateAnswers } from './late-answers.ts'
import { lostAnswers } from './lost-answers.ts'
import { outage } from './outage.ts'
import { pauses } from './pauses.ts'
import { providerIncident } from './provider-incident.ts'
import { randomKills } from './random-kills.ts'
import { serveUntilOver } from './serve-until-over.ts'

/** A scenario with its parameters bound, so that all of them have one type. */
export interface Runnable {
  title: string
  run(length: 'short' | 'long'): ReturnType<Scenario['run']>
}

/** Every scenario by the name that the command knows. */
export const scenarios: Readonly<Record<string, Runnable>> = {
  'kill-points': runnable(killPoints),
  'random-kills': runnable(randomKills),
  pauses: runnable(pauses),
  'database-restarts': runnable(databaseRestarts),
  outage: runnable(outage),
  'false-refusals': runnable(falseRefusals),
  'provider-incident': runnable(providerIncident),
  'client-refused': runnable(clientRefused),
  'serve-until-over': runnable(serveUntilOver),
  'lost-answers': runnable(lostAnswers),
  'answers-asked-again': runnable(answersAskedAgain),
  'disconnect-in-flight': runnable(disconnectInFlight),
  'late-answers': runnable(lateAnswers),
  drain: runnable(drain),
}

function runnable<Parameters>(scenario: Scenario<Parameters>): Runnable {
  return { title: scenario.title, run: (length) => scenario.run(scenario[length]) }
}
