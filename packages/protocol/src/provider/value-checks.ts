import { namesInText, openFieldsOf } from './open-names.ts'
import type { Path, Problem } from './problem.ts'
import { namesSent } from './send.ts'
import type { Method } from './types.ts'

/**
 * What the headers of a method name: a `send` the credential and the variables of the host, the headers of a request
 * only what is no secret.
 *
 * @param place the variables that a connection has
 */
export function valueProblems(method: Method, place: ReadonlySet<string>, path: Path): Problem[] {
  const open = new Set([...place, ...openFieldsOf(method)])
  const typed = 'fields' in method ? method.fields.map(({ name }) => name) : ['token']
  // What tokens are minted from is not sent with a call.
  const own = method.kind === 'key' ? typed : ['token', ...open]
  return [
    ...typed.flatMap((name, index) =>
      place.has(name)
        ? [{ path: [...path, ...fieldPath(method, index)], message: 'is the name of a variable' }]
        : [],
    ),
    ...method.send.flatMap((part, index) =>
      unknownNames(namesSent(part), new Set([...place, ...own])).map((message) => ({
        path: [...path, 'send', index, 'value'],
        message,
      })),
    ),
    ...requestsOf(method).flatMap(({ at, headers }) =>
      Object.entries(headers).flatMap(([name, value]) =>
        unknownNames(namesInText(value), open).map((message) => ({
          path: [...path, ...at, 'headers', name],
          message,
        })),
      ),
    ),
  ]
}

function fieldPath(method: Method, index: number): Path {
  return 'fields' in method ? ['fields', index, 'name'] : ['send']
}

function unknownNames(names: readonly string[], known: ReadonlySet<string>): string[] {
  const unknown = names.filter((name) => !known.has(name))
  return unknown.length === 0 ? [] : [`has no value for ${unknown.join(', ')}`]
}

function requestsOf(method: Method) {
  const { identity, health } = method
  const revocation = 'revocation' in method ? method.revocation : undefined
  return [
    ...(identity ? [{ at: ['identity', 'request'], ...identity.request }] : []),
    ...(identity?.fallback
      ? [{ at: ['identity', 'fallback', 'request'], ...identity.fallback.request }]
      : []),
    { at: ['health', 'request'], ...health.request },
    ...(method.kind === 'installation'
      ? [
          { at: ['install', 'list', 'request'], ...method.install.list.request },
          { at: ['removal', 'request'], ...method.removal.request },
        ]
      : []),
    ...(revocation?.style === 'request'
      ? [{ at: ['revocation', 'request'], ...revocation.request }]
      : []),
  ]
}
