import type { InstallationMethod } from '@keywell/protocol'
import { matchesWhole } from '@keywell/providers'
import type { readCallback } from '../oauth/client.ts'
import type { CallbackAnswer } from './park-code.ts'

/**
 * A callback, with the id of the installation that it names. Whether its user may name that one is known only with
 * their token.
 */
export function withInstallation(
  answer: ReturnType<typeof readCallback>,
  { id, pending }: InstallationMethod['install'],
  parameters: URLSearchParams,
): CallbackAnswer {
  if (answer.kind === 'denied' || answer.kind === 'error') return answer
  // Which of two would count is not ours to guess.
  const given = (name: string) => {
    const values = parameters.getAll(name)
    return values.length === 1 ? values[0] : undefined
  }
  if (pending !== undefined && given(pending.parameter) === pending.value) {
    return { kind: 'approval_pending' }
  }
  if (answer.kind === 'invalid') return answer
  const installation = given(id.parameter)
  return installation !== undefined && matchesWhole(installation, id.pattern)
    ? { ...answer, installation }
    : { kind: 'invalid', detail: 'the callback names no installation' }
}
