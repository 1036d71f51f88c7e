/**
 * The walk of a method fails for every method that differs from it by one value, so that a value which is wrong in a
 * definition is found. All of them are walked in one service, each at a stand-in of its own.
 */
import { atStandIn } from '@keywell/demo/stand-ins'
import type { ProviderDefinition } from '@keywell/protocol'
import { checkDefinition, providers } from '@keywell/providers'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase } from './support/databases.ts'
import { openCreated } from './support/inspected.ts'
import { mutantsOf } from './support/mutants.ts'
import { createStage, type Stage } from './support/stage.ts'
import { verifies } from './support/verifies.ts'
import { walkApp, walkKey } from './support/walk.ts'
import { walkInstallation } from './support/walk-installation.ts'
import { type WalkedMethod, walkedMethods } from './support/walked-methods.ts'

/** Walks at a time: with more, each waits for the others, and then for too long. */
const atOnce = 6
/** For a walk that has to come to its end. */
const wholeMs = 15_000
/** What a service does by itself takes a few polls. On a busy machine a walk may fail for taking longer, and none passes for it. */
const mutantMs = 2_500

const asAsked = 'the provider gives what was asked for, and the service takes that for given'
const bothClients = 'the pages of the provider allow both ways of a client to name itself'
const bothScopes = 'a refresh that names the scopes of its grant is the same as one without'
const otherForm = 'an older server, or another part of it, words the same refusal so'
const mayList = 'the key may list indexes; one that may not is in providers:algolia'
const cautious = 'no page says it, so that the definition has what does the least harm'
const noNarrowing = 'the scopes of a grant do not change while the walk lasts'

/** What a walk cannot see, and why, by method and value. */
const unseen: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'gitlab oauth': {
    'health.details.expiresIn': 'the token answer has told the end already',
    'health.details.scopes': noNarrowing,
    'health.inactive.1.at': otherForm,
    'health.inactive.1.status': otherForm,
    'revocation.kills token': 'both are withdrawn with one request, whatever else is connected',
    'revocation.send': 'an access token that has not ended does as well',
    'token.answer.scope': asAsked,
    'token.client': bothClients,
    'token.sendScopeOnRefresh': bothScopes,
  },
  'gitlab personal_access_token': {
    'health.inactive.0.at': otherForm,
    'health.inactive.0.status': otherForm,
    'health.inactive.2.at': otherForm,
    'health.inactive.2.status': otherForm,
    'health.inactive.3.at': otherForm,
    'health.inactive.3.status': otherForm,
  },
  'github oauth_app': {
    'health.details.scopesHeader': noNarrowing,
    'revocation.kills pair': 'there is no refresh token, so that a pair is a token',
    'token.errors.2': 'mistakes of the service, which it does not make',
    'token.headers': 'without the header the answer is a form, which is read as well',
  },
  'github app_user': {
    'revocation.kills pair': 'both are withdrawn with one request, whatever else is connected',
    'token.answer.scope': 'its tokens have no scopes',
    'token.errors.2': 'mistakes of the service, which it does not make',
    'token.headers': 'without the header the answer is a form, which is read as well',
    'token.sendScopeOnRefresh': 'there are no scopes to send',
  },
  'github app_installation': {
    'token.answer.expiresAt': 'the answer says what is the default',
    'token.errors.3': 'a mistake of the service, which it does not make',
  },
  'bitbucket oauth': {
    'health.active.1.at': 'the walk asks for the scope that shows the account',
    'health.active.1.status': 'the walk asks for the scope that shows the account',
    'health.details.scopesHeader': noNarrowing,
    'token.answer.expiresIn': 'the answer says what is the default',
    'token.client': bothClients,
    'token.errors.1': 'a mistake of the service, which it does not make',
    'token.sendScopeOnRefresh': bothScopes,
  },
  'bitbucket api_token': {
    'health.active.1.at': 'the key may see the account',
    'health.active.1.status': 'the key may see the account',
    'health.details.scopesHeader': 'the header names scopes of OAuth, which an API token has not',
  },
  'azure-devops entra': {
    'health.inactive.0.status':
      'an access token lives to its end, so that a probe meets no dead one',
    'token.answer.scope': asAsked,
    'token.client': bothClients,
    'token.errors.0': 'a policy, which is demanded in providers:azure-devops',
    'token.errors.1': 'the status and the code of RFC 6749 say the same',
    'token.sendScopeOnRefresh': bothScopes,
  },
  'buildkite device': {
    'health.details.expiresAt': 'the token answer has told the end already',
    'health.details.scopes': noNarrowing,
    'renewal.revokesOldAccessToken': cautious,
    'renewal.rotation grace': cautious,
    'renewal.rotation none': cautious,
    'renewal.rotation strict': cautious,
    'revocation.kills pair': 'the token that is sent is ended, whatever else is said of it',
    'token.answer.scope': asAsked,
    'token.sendScopeOnRefresh': bothScopes,
  },
  'algolia api_key': {
    'health.active.1.at': mayList,
    'health.active.1.status': mayList,
  },
}

const methodsByName = new Map(
  walkedMethods.map((walked) => [`${walked.definition.name} ${walked.id}`, walked]),
)

test('every method that takes a consent, a key or an installation is walked, and none is excused that is not', () => {
  const walked = [...methodsByName.keys()].toSorted()
  const methods = providers.flatMap(({ name, auth }) =>
    auth
      .filter(({ kind }) => ['oauth2', 'key', 'installation'].includes(kind))
      .map(({ id }) => `${name} ${id}`),
  )
  expect(walked).toEqual(methods.toSorted())
  expect(Object.keys(unseen).filter((name) => !walked.includes(name))).toEqual([])
})

verifies.each(
  'providers:all-methods',
  [...methodsByName.keys()],
  async (name) => {
    const walked = methodsByName.get(name)
    if (walked === undefined) throw new Error('invariant: a method by its name')
    const runs = await prepare(walked)
    expect(runs.length).toBeGreaterThan(10)
    // One that is seen since, and one that is no longer there, would excuse what comes later.
    const known = Object.keys(unseen[name] ?? {})
    expect((await walkAll(runs, known)).toSorted()).toEqual(known.toSorted())
  },
  300_000,
)

type Method = ProviderDefinition['auth'][number]

interface Run {
  readonly what: string
  readonly definition: ProviderDefinition
  readonly origins: readonly string[]
  readonly walk: (stage: Stage, limitMs: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** The method as it is, and each that differs by one value. One that the schema refuses is found already. */
async function prepare(walked: WalkedMethod): Promise<Run[]> {
  const whole = walked.definition
  const method = whole.auth.find(({ id }) => id === walked.id)
  if (method === undefined) throw new Error(`${whole.name} has no method ${walked.id}`)
  const changed = [['as it is', method] as const, ...mutantsOf(method)].flatMap(
    ([what, auth], index) => {
      const name = `${whole.name}-${index}`
      const checked = checkDefinition({ ...whole, name, auth: [auth, ...consentOf(whole, auth)] })
      return 'definition' in checked ? [{ what, definition: checked.definition }] : []
    },
  )
  return Promise.all(changed.map(({ what, definition }) => open(walked, what, definition)))
}

/** The method by which the user of an installation shows who they are. */
function consentOf({ auth }: ProviderDefinition, method: Method): Method[] {
  return method.kind === 'installation'
    ? auth.filter(({ id }) => id === method.install.consent)
    : []
}

async function open(walked: WalkedMethod, what: string, changed: ProviderDefinition): Promise<Run> {
  if (walked.kind === 'app') {
    const at = await walked.open()
    const definition = atStandIn(changed, at.origins)
    return {
      what,
      ...placed(at, definition),
      walk: (stage, limitMs) => walkApp({ stage, definition, at, limitMs }),
    }
  }
  if (walked.kind === 'installation') {
    const at = await walked.open()
    const definition = atStandIn(changed, at.origins)
    return {
      what,
      ...placed(at, definition),
      walk: (stage, limitMs) => walkInstallation({ stage, definition, at, limitMs }),
    }
  }
  const at = await walked.open()
  const definition = atStandIn(changed, at.origins)
  return {
    what,
    ...placed(at, definition),
    walk: (stage, limitMs) => walkKey({ stage, definition, at, limitMs }),
  }
}

function placed(
  { origins, stop }: { origins: Readonly<Record<string, string>>; stop: () => Promise<void> },
  definition: ProviderDefinition,
): Pick<Run, 'definition' | 'origins' | 'stop'> {
  return { definition, origins: Object.values(origins).map((url) => new URL(url).origin), stop }
}

/** Walks the method as it is, to its end; then the others, and answers those that come to theirs. */
async function walkAll(
  [asItIs, ...mutants]: readonly Run[],
  known: readonly string[],
): Promise<string[]> {
  const runs = [...(asItIs === undefined ? [] : [asItIs]), ...mutants]
  const { stage, close } = await openStage(runs)
  onTestFinished(async () => {
    await close()
    await Promise.all(runs.map(({ stop }) => stop()))
  })
  await asItIs?.walk(stage, wholeMs)
  const left = [...mutants]
  const survived: string[] = []
  async function work(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { what, walk } = next
      await walk(stage, known.includes(what) ? wholeMs : mutantMs).then(
        () => survived.push(what),
        () => undefined,
      )
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return survived
}

/** On a server: walks side by side share its processors, and would wait for the embedded database one by one. */
async function openStage(
  runs: readonly Run[],
): Promise<{ stage: Stage; close: () => Promise<void> }> {
  const created = await createDatabase()
  const database = await openCreated(created)
  const stage = await createStage(database, {
    providers: runs.map(({ definition }) => definition),
    privateHosts: runs.flatMap(({ origins }) => origins.map((origin) => ({ origin }))),
    // It is looked at by the tests of each provider; here most walks end in the middle.
    swept: false,
    timing: {
      pollMs: 40,
      sweepMs: 100,
      recheckAfterMs: 50,
      confirmAfterMs: 100,
      incidentWindowMs: 0,
    },
  })
  const close = async () => {
    await stage.stop()
    await database.close()
    await created.drop()
  }
  return { stage, close }
}
