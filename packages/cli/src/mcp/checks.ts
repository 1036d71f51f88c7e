/** What `keywell mcp test` prints, and what stops a start: each check with its next step. */
import { missingScopes } from '@keywell/protocol'
import { readAccount } from '@keywell/providers'
import { listTools, SendFailure } from '@keywell/tools'
import type { Credential } from './credential.ts'
import { ask, askHealth } from './health.ts'
import type { Instance } from './instance.ts'
import type { Place } from './place.ts'

/** Why a server would be of no use. */
export class CheckFailure extends Error {
  readonly nextStep: string

  constructor(problem: string, nextStep: string) {
    super(problem)
    this.nextStep = nextStep
  }
}

export interface Checked {
  /** Undefined: the instance does not say. */
  readonly scopes: readonly string[] | undefined
  readonly endsAt: Date | undefined
}

export interface CheckParts {
  readonly place: Place
  readonly instance: Instance
  readonly credential: Credential
  readonly readOnly: boolean
}

/**
 * The instance is reached, the credential is alive, and its scopes are of use.
 *
 * @throws CheckFailure
 */
export async function checkCredential(parts: CheckParts): Promise<Checked> {
  const { place } = parts
  const health = await askHealth(parts).catch(asFailure(place))
  if (health.status === 'inactive') {
    throw new CheckFailure(
      `${place.host} does not take this token: it has ended, or was revoked.`,
      'Make a new one there.',
    )
  }
  if (health.status === 'unknown') {
    throw new CheckFailure(
      `${place.host} did not say whether this token is alive.`,
      `Is it the address of ${place.provider.title}, with its relative root?`,
    )
  }
  const { scopes, expiresAt } = health
  if (scopes !== undefined && usableTools(parts, scopes).length === 0) {
    throw new CheckFailure(
      `The token has the scopes ${scopes.join(', ') || '(none)'}, which no tool can use.`,
      `Make one with a scope that tools need: ${neededScopes(parts).join(', ')}.`,
    )
  }
  return { scopes, endsAt: expiresAt }
}

/** Names of the tools that a token with these scopes can run. */
export function usableTools(
  { place, readOnly }: Pick<CheckParts, 'place' | 'readOnly'>,
  scopes: readonly string[] | undefined,
): string[] {
  return listTools(place.provider.name)
    .filter(({ effect }) => !readOnly || effect === 'read')
    .filter(
      (tool) =>
        scopes === undefined || missingScopes(place.provider, tool.scopes, scopes).length === 0,
    )
    .map(({ name }) => name)
}

/** What tools ask for, the scope of most tools first. */
function neededScopes({ place, readOnly }: CheckParts): string[] {
  const counts = new Map<string, number>()
  for (const { effect, scopes } of listTools(place.provider.name)) {
    if (readOnly && effect !== 'read') continue
    for (const scope of scopes) counts.set(scope, (counts.get(scope) ?? 0) + 1)
  }
  const sorted = [...counts].sort(([, one], [, other]) => other - one)
  return sorted.map(([scope]) => scope)
}

/** Whose token it is; undefined: the instance does not say. */
export async function readUser(parts: CheckParts): Promise<string | undefined> {
  const { identity, reader } = parts.place
  if (identity === undefined || reader === undefined) return undefined
  const { status, body } = await ask(parts, identity).catch(asFailure(parts.place))
  const account = status === 200 ? readAccount(reader, body) : undefined
  return account?.username ?? account?.name ?? account?.id
}

function asFailure(place: Place): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof SendFailure)) {
      throw new CheckFailure(
        `${place.host} gave no token for these client credentials.`,
        'Are the id, the secret and the grant type of the application right?',
      )
    }
    throw new CheckFailure(error.message, 'Is the address right, and can this machine reach it?')
  }
}
