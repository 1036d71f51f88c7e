import type { HealthDefinition } from '@keywell/protocol'
import { fulfils, type ProviderAnswer } from './condition.ts'
import { readFirst } from './pointer.ts'

/** What an answer says of a credential. What neither condition of the definition knows is `unknown`. */
export type Health =
  | ({ status: 'active' } & HealthDetails)
  | { status: 'inactive' }
  | { status: 'unknown' }

/** What an answer states besides; undefined: it does not. */
export interface HealthDetails {
  readonly scopes?: readonly string[]
  /** Seconds. */
  readonly expiresIn?: number
  readonly expiresAt?: Date
}

/** Reads the answer of a probe. */
export function readHealth(definition: HealthDefinition, answer: ProviderAnswer): Health {
  if (fulfils(answer, definition.active)) {
    return { status: 'active', ...readDetails(definition.details, answer) }
  }
  return { status: fulfils(answer, definition.inactive) ? 'inactive' : 'unknown' }
}

function readDetails(details: HealthDefinition['details'], answer: ProviderAnswer): HealthDetails {
  const { body } = answer
  const scopes = scopesOf(details, answer)
  const expiresIn = details.expiresIn && readFirst(body, details.expiresIn)
  const expiresAt = endOf(details.expiresAt, body)
  return {
    ...(scopes !== undefined && { scopes }),
    ...(typeof expiresIn === 'number' && Number.isFinite(expiresIn) && { expiresIn }),
    ...(expiresAt !== undefined && { expiresAt }),
  }
}

function scopesOf(
  { scopes, scopesHeader, scopeSeparator }: HealthDefinition['details'],
  { body, headers }: ProviderAnswer,
): string[] | undefined {
  const found =
    (scopes && readFirst(body, scopes)) ?? (scopesHeader && headers?.get(scopesHeader)) ?? undefined
  if (Array.isArray(found)) return found.filter((scope) => typeof scope === 'string')
  if (typeof found !== 'string' || scopeSeparator === undefined) return undefined
  return found
    .split(scopeSeparator)
    .map((scope) => scope.trim())
    .filter((scope) => scope !== '')
}

function endOf(end: HealthDefinition['details']['expiresAt'], body: unknown): Date | undefined {
  const found = end && readFirst(body, end.at)
  const date = found === undefined ? undefined : dateOf(found, end?.format)
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date
}

function dateOf(
  value: unknown,
  format: NonNullable<HealthDefinition['details']['expiresAt']>['format'] | undefined,
): Date | undefined {
  if (format === 'epoch_seconds') {
    return typeof value === 'number' ? new Date(value * 1_000) : undefined
  }
  if (typeof value !== 'string' || format === undefined) return undefined
  // Anything else that a `Date` would take means something else in each place.
  if (!forms[format].test(value)) return undefined
  if (format === 'day') return new Date(`${value}T00:00:00Z`)
  return new Date(format === 'utc' ? value.replace(' ', 'T').replace(' UTC', 'Z') : value)
}

const forms = {
  day: /^\d{4}-\d{2}-\d{2}$/,
  rfc3339: /^\d{4}-\d{2}-\d{2}T.+(Z|[+-]\d{2}:?\d{2})$/,
  // `2026-12-31 10:00:00 UTC`, as Ruby writes it.
  utc: /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC$/,
} as const
