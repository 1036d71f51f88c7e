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
  const own = method.kind === 'key' ? method.fields.map(({ name }) => name) : ['token']
  const open = new Set([...place, ...openFieldsOf(method)])
  return [
    ...own.flatMap((name, index) =>
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

function fieldPath({ kind }: Method, index: number): Path {
  return kind === 'key' ? ['fields', index, 'name'] : ['send']
}

function unknownNames(names: readonly string[], known: ReadonlySet<string>): string[] {
  const unknown = names.filter((name) => !known.has(name))
  return unknown.length === 0 ? [] : [`has no value for ${unknown.join(', ')}`]
}

function requestsOf({ identity, health, revocation }: Method) {
  return [
    ...(identity ? [{ at: ['identity', 'request'], ...identity.request }] : []),
    ...(identity?.fallback
      ? [{ at: ['identity', 'fallback', 'request'], ...identity.fallback.request }]
      : []),
    { at: ['health', 'request'], ...health.request },
    ...(revocation?.style === 'request'
      ? [{ at: ['revocation', 'request'], ...revocation.request }]
      : []),
  ]
}
