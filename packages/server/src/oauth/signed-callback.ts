import { createHmac, timingSafeEqual } from 'node:crypto'
import type { OAuth2Method, Secret } from '@keywell/protocol'
import { fill, type Variables } from '@keywell/providers'

type CallbackRules = NonNullable<OAuth2Method['authorize']['callback']>

/**
 * Why a callback is not what the provider sent: anybody can type one, and some of what it says, such as a shop, is
 * nowhere else. Undefined: each parameter is signed with the client's secret.
 */
export function forgeryIn(
  parameters: URLSearchParams,
  { signature, mustEqual = {} }: CallbackRules,
  { clientSecret, variables }: { clientSecret: Secret; variables: Variables },
): string | undefined {
  const signed = new URLSearchParams(parameters)
  const given = signed.getAll(signature.parameter)
  signed.delete(signature.parameter)
  if (given.length !== 1 || !isEqual(given[0] ?? '', macOf(signed, signature, clientSecret))) {
    return 'the signature of the callback is wrong'
  }
  const wrong = Object.entries(mustEqual).find(
    ([name, template]) => signed.get(name) !== fill(template, variables),
  )
  return wrong && `the callback has another ${wrong[0]} than the flow`
}

function macOf(
  parameters: URLSearchParams,
  { algorithm, encoding }: CallbackRules['signature'],
  key: Secret,
): string {
  const sorted = new URLSearchParams(parameters)
  sorted.sort()
  const text = sorted.toString().replaceAll('+', '%20')
  return createHmac(algorithm, key.expose()).update(text).digest(encoding)
}

function isEqual(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
