import { readFirst } from '@keywell/providers'
import { type InstallationDetails, readDetails } from './installation-details.ts'
import { readScopes } from './outside-text.ts'

/** What the body of a token endpoint's answer says, whatever its form. */
export interface TokenBody {
  /** As it came. Null when there is none. */
  accessToken: string | null
  refreshToken: string | null
  /** Null when the answer does not say. */
  scopes: readonly string[] | null
  /** Null when the answer does not say; then the provider's own default counts, never "for ever". */
  expiresInMs: number | null
  /** The same of the refresh token. */
  refreshExpiresInMs: number | null
  /** Where the account lives, as the answer says it. Null when it does not. */
  origin: string | null
  /** Undefined: its provider's data names no place of any. */
  details: InstallationDetails | undefined
  /** A word of OAuth's (RFC 6749 section 5.2), or of the provider's. Null when there is none. */
  error: string | null
  /** Why the access token cannot be sent as a bearer; null when it can. */
  problem: string | null
  /** The tokens stood where they belong. False: they were found somewhere in a text. */
  wellFormed: boolean
  /** The whole of it, to be looked through for an error; undefined: it is no object. */
  fields: Readonly<Record<string, unknown>> | undefined
}

/** Longest life of an access token: one year. A longer `expires_in` is reduced to it. */
const maxExpiresInSeconds = 365 * 24 * 60 * 60
/** Longest life of a refresh token: ten years. */
const maxRefreshExpiresInSeconds = 10 * maxExpiresInSeconds
/** Shortest life, so that a wrong number never makes a hot loop. A shorter one is raised to it. */
const minExpiresInSeconds = 1
/** Longest token that is kept, in characters. */
const maxTokenLength = 16_384

/** Where an answer holds what; what is absent, no answer says. */
export interface TokenPlaces {
  accessToken: readonly string[]
  refreshToken?: readonly string[] | undefined
  expiresIn?: readonly string[] | undefined
  expiresAt?: readonly string[] | undefined
  refreshExpiresIn?: readonly string[] | undefined
  scope?: readonly string[] | undefined
  origin?: readonly string[] | undefined
  permissions?: readonly string[] | undefined
  repositories?: readonly string[] | undefined
}

/**
 * Reads an answer of a token endpoint. Only the access token decides: an optional field that is null,
 * blank or of another shape counts as left out, since the pair before may be dead already. A body that
 * is no JSON object is looked through for tokens, so that none is left behind at the provider.
 */
export function readTokenBody(text: string, places: TokenPlaces): TokenBody {
  const fields = parseObject(text) ?? parseForm(text)
  if (fields === undefined) {
    const problem = text.trim() === '' ? 'an empty body' : 'a body that is no JSON object'
    return { ...nothing, ...tokensWithin(text), problem }
  }
  const accessToken = tokenOf(readFirst(fields, places.accessToken))
  const refreshToken = tokenOf(readFirst(fields, places.refreshToken ?? []))
  const wellFormed = accessToken !== null || refreshToken !== null
  return {
    ...(wellFormed ? { accessToken, refreshToken } : tokensWithin(text)),
    wellFormed,
    scopes: readScopes(readFirst(fields, places.scope ?? [])),
    expiresInMs:
      accessLifeMs(readFirst(fields, places.expiresIn ?? [])) ??
      accessLifeMs(secondsUntil(readFirst(fields, places.expiresAt ?? []))),
    refreshExpiresInMs: readLifeMs(
      readFirst(fields, places.refreshExpiresIn ?? []),
      maxRefreshExpiresInSeconds,
    ),
    origin: textOf(readFirst(fields, places.origin ?? [])),
    details: places.permissions && readDetails(places, fields),
    error: readError(fields.error),
    problem: problemOf(accessToken, fields.token_type),
    fields,
  }
}

const nothing = {
  accessToken: null,
  refreshToken: null,
  scopes: null,
  expiresInMs: null,
  refreshExpiresInMs: null,
  origin: null,
  details: undefined,
  error: null,
  wellFormed: false,
  fields: undefined,
}

function problemOf(accessToken: string | null, type: unknown): string | null {
  if (accessToken === null) return 'no access token'
  if (!/^[\x21-\x7e]+$/.test(accessToken)) return 'a token with characters that no header may hold'
  // RFC 6749 section 7.1: a token of a type that is not understood must not be used. A missing
  // type counts as bearer.
  const isBearer = typeof type !== 'string' || /^(bearer)?$/i.test(type.trim())
  return isBearer ? null : 'a token of another type than bearer'
}

/** A refresh token goes into a form, which takes every character; a lone surrogate is none. */
function tokenOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.trim() === '' || value.length > maxTokenLength) return null
  return /\p{Surrogate}/u.test(value) ? null : value
}

/** The life of an access token, of what an answer says in seconds. Null: it says nothing of use. */
export function accessLifeMs(value: unknown): number | null {
  return readLifeMs(value, maxExpiresInSeconds)
}

/** Of a time (RFC 3339). */
function secondsUntil(value: unknown): number | null {
  const endMs = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(endMs) ? null : (endMs - Date.now()) / 1000
}

function readLifeMs(value: unknown, maxSeconds: number): number | null {
  const seconds = typeof value === 'string' ? Number.parseFloat(value) : value
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds <= 0) return null
  return Math.min(Math.max(seconds, minExpiresInSeconds), maxSeconds) * 1000
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : null)

/** Shown and logged, so that it is a word and nothing else. */
function readError(value: unknown): string | null {
  return typeof value === 'string' && /^\w{1,60}$/.test(value) ? value : null
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? { ...value }
      : undefined
  } catch {
    return undefined
  }
}

/** Older servers answer as a form. */
function parseForm(text: string): Record<string, unknown> | undefined {
  if (!/^[\w.-]+=/.test(text) || /[\s<>"{}]/.test(text.trim())) return undefined
  const form = new URLSearchParams(text.trim())
  return form.has('access_token') || form.has('error') ? Object.fromEntries(form) : undefined
}

/** The first of each kind in a text that is cut off, wrapped, or of another shape. */
function tokensWithin(text: string): Pick<TokenBody, 'accessToken' | 'refreshToken'> {
  return {
    accessToken: tokenOf(/"access_token" ?: ?"([^"\\]{1,16384})"/.exec(text)?.[1]),
    refreshToken: tokenOf(/"refresh_token" ?: ?"([^"\\]{1,16384})"/.exec(text)?.[1]),
  }
}
