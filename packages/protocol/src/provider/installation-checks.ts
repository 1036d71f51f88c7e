import type { Path, Problem } from './problem.ts'
import { placeholdersOf } from './template-address.ts'
import type { InstallationMethod, ProviderDefinition } from './types.ts'

/** The name that stands for an installation's id in addresses. */
export const installationName = 'installation'

/** Those of a callback that are read in a way of their own. */
const callbackParameters: readonly string[] = ['code', 'error', 'iss', 'state']

/** Whether a user can show which installations they may name, and each request says which one is meant. */
export function installationProblems(
  { auth, variables }: Pick<ProviderDefinition, 'auth' | 'variables'>,
  method: InstallationMethod,
  path: Path,
): Problem[] {
  const { install, token, removal } = method
  const consent = auth.find(({ id }) => id === install.consent)
  const { expiresIn, expiresAt } = token.answer
  return [
    ...(consent?.kind === 'oauth2'
      ? []
      : [{ path: [...path, 'install', 'consent'], message: 'must name a method of kind oauth2' }]),
    ...(Object.hasOwn(variables, installationName)
      ? [{ path: ['variables', installationName], message: 'stands for an installation’s id' }]
      : []),
    ...parameterProblems(method, path),
    ...(expiresIn !== undefined && expiresAt !== undefined
      ? [{ path: [...path, 'token', 'answer'], message: 'says in two ways when it ends' }]
      : []),
    ...unnamed(token.url, [...path, 'token', 'url']),
    ...unnamed(removal.request.url, [...path, 'removal', 'request', 'url']),
  ]
}

function parameterProblems({ install: { id, pending } }: InstallationMethod, path: Path) {
  const at = [...path, 'install']
  return [
    ...(callbackParameters.includes(id.parameter)
      ? [{ path: [...at, 'id', 'parameter'], message: 'is one of OAuth' }]
      : []),
    ...(pending && [...callbackParameters, id.parameter].includes(pending.parameter)
      ? [{ path: [...at, 'pending', 'parameter'], message: 'is read in another way' }]
      : []),
  ]
}

/** Without the id, one request would be for all installations. */
function unnamed(url: string, path: Path): Problem[] {
  return placeholdersOf(url).some(({ name }) => name === installationName)
    ? []
    : [{ path, message: `has no {${installationName}}` }]
}
