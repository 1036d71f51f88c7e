import { type AppMethod, KeywellError, type ProviderDefinition } from '@keywell/protocol'
import { appMethods } from '@keywell/providers'
import { requireKnownScopes } from '../catalogue.ts'

/** The method that an app is for. @throws KeywellError `invalid_request` that names those there are */
export function appMethod(provider: ProviderDefinition, id: string | undefined): AppMethod {
  const methods = appMethods(provider)
  const [first] = methods
  if (first === undefined) throw takesNoApp(provider)
  const method = id === undefined ? first : methods.find((each) => each.id === id)
  if (method !== undefined) return method
  throw new KeywellError(
    'invalid_request',
    `No app of ${provider.title} is registered for a method "${id}".`,
    { nextStep: `An app is for: ${methods.map((each) => each.id).join(', ')}.` },
  )
}

/** @throws KeywellError `scope_not_allowed`, and `invalid_request` for none at all where the provider asks for some */
export function requireScopesFor(
  provider: ProviderDefinition,
  method: AppMethod,
  scopes: readonly string[],
): void {
  requireKnownScopes(provider, scopes)
  const asks = method.kind === 'oauth2' && method.authorize.scopes !== null
  if (asks && scopes.length === 0) {
    throw new KeywellError('invalid_request', 'scopes: name at least one.', {
      nextStep: 'Name those that were ticked when the app was registered.',
    })
  }
  if (!asks && scopes.length > 0) {
    throw new KeywellError(
      'invalid_request',
      `scopes: the method ${method.id} of ${provider.title} has none.`,
      { nextStep: 'Leave them out: what the app may do is said at its registration.' },
    )
  }
}

function takesNoApp({ title }: ProviderDefinition): KeywellError {
  return new KeywellError('invalid_request', `No OAuth app is registered for ${title}.`, {
    nextStep: 'Its users connect with a key of their own, so an integration is not needed.',
  })
}
