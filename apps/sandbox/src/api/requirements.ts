import { badParameter } from './refusals.ts'
import type { ApiCall } from './route.ts'

/** A part of the path that is a number; Grape refuses another one before it looks for anything. */
export function numberPart(call: ApiCall, placeholder: string): number {
  const text = call.part(placeholder)
  if (!/^\d{1,15}$/.test(text)) throw badParameter(`${placeholder} is invalid`)
  return Number(text)
}

/** Grape's `at_least_one_of`. */
export function requireOne(given: Record<string, unknown>, names: readonly string[]): void {
  if (names.some((name) => given[name] !== undefined)) return
  throw badParameter(`${names.join(', ')} are missing, at least one parameter must be provided`)
}
