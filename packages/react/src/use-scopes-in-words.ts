import { useKeywell } from './context.ts'
import type { ProviderOptions } from './core/index.ts'
import { own } from './own.ts'

/**
 * Says what scopes allow: by the app's words, by the service's sentences without their full stop, or by the names of
 * the scopes where the service has not sent any.
 */
export function useScopesInWords(
  provider: string,
  options: ProviderOptions | undefined,
): (scopes: readonly string[]) => string[] {
  const { scopeWords = {} } = useKeywell().messages
  const words = own(scopeWords, provider)?.scopes ?? {}
  const sentenceOf = (scope: string) => options?.scopes.find(({ name }) => name === scope)?.sentence
  return (scopes) =>
    scopes.map((scope) => (own(words, scope) ?? sentenceOf(scope))?.replace(/\.$/, '') ?? scope)
}
