import type { ProviderResponse } from '@keywell/protocol'
import type { UserAnswer } from './send.ts'

/** Headers that say something of the body, of its pages, and of how often one may ask. */
const shown =
  /^(content-(type|disposition|language|range)|etag|last-modified|link|location|retry-after|date|deprecation|sunset|x-((next|prev|per)-page|page|total|total-pages)|(x-)?ratelimit-[a-z-]+|x-([a-z]+-)?request-id)$/

/** What a backend gets of a provider's answer. Should the credential come back in it, it is taken out. */
export function viewAnswer(
  answer: UserAnswer,
): Pick<ProviderResponse, 'status' | 'headers' | 'body'> {
  const { status, secrets } = answer
  const headers = [...answer.headers].filter(([name]) => shown.test(name))
  const without = (text: string) => withoutSecrets(text, secrets)
  return {
    status,
    headers: Object.fromEntries(headers.map(([name, value]) => [name, without(value)])),
    body: bodyOf(new TextDecoder().decode(answer.body), answer.headers, without),
  }
}

export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((left, secret) => left.replaceAll(secret, '[withheld]'), text)
}

function bodyOf(text: string, headers: Headers, without: (text: string) => string): unknown {
  const plain = without(text)
  if (plain === '') return null
  if (!/[/+]json\b/i.test(headers.get('content-type') ?? '')) return plain
  try {
    // JSON may write a character in more than one way, so that a text is known when it was read.
    return JSON.parse(plain, (_, value) => (typeof value === 'string' ? without(value) : value))
  } catch {
    return plain
  }
}
