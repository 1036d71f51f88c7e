import type { Method } from './types.ts'

/**
 * The fields of a method that an address or a header of a request may name: what is no secret, and is always typed.
 * The variables of the connection's host are named beside them.
 */
export function openFieldsOf(method: Method): string[] {
  if (!('fields' in method)) return []
  return method.fields.flatMap(({ name, secret, optional }) =>
    secret || optional === true ? [] : [name],
  )
}

/** The names in braces that a text has, each as it is written. */
export function namesInText(text: string): string[] {
  return [...text.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
}
