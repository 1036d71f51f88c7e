import type { ProviderAccount } from '@keywell/protocol'

/** Longest name of an account that is kept, in characters. */
const maxNameLength = 200
const maxAccountIdLength = 255
const maxPictureLength = 2_000
const maxScopes = 200
const maxScopeLength = 300

/**
 * A text that another server wrote, fit to be stored, shown and logged: one line, without control
 * and invisible characters, without marks that turn the direction of what stands beside it, and bounded.
 * Null for what is no text, or has nothing left. Two joiners stay, which scripts and emoji need.
 */
function cleanText(value: unknown, maxLength: number): string | null {
  if (typeof value !== 'string') return null
  const visible = value
    .slice(0, maxLength * 4) // nothing reads the rest
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/(?![\u200c\u200d])[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .replace(/\p{Zs}+/gu, ' ')
  const text = [...visible.trim()].slice(0, maxLength).join('').trim()
  return text === '' ? null : text
}

/**
 * An account as the provider returns it. Its id is taken as it is or not at all: cleaned, two could become one.
 */
export function cleanAccount(account: ProviderAccount): ProviderAccount | undefined {
  const { id } = account
  const isId = typeof id === 'string' && id.length <= maxAccountIdLength
  if (!isId || id === '' || cleanText(id, maxAccountIdLength) !== id) return undefined
  return {
    id,
    name: cleanText(account.name, maxNameLength),
    username: cleanText(account.username, maxNameLength),
    avatarUrl: cleanPicture(account.avatarUrl),
  }
}

/** It ends up in an `<img>` of an app's page. */
function cleanPicture(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > maxPictureLength) return null
  if (!/^https:\/\/[\x21-\x7e]+$/.test(value)) return null
  const url = URL.canParse(value) ? new URL(value) : undefined
  return url === undefined || url.username !== '' || url.password !== '' ? null : url.href
}

/**
 * Names of scopes: a text with spaces or commas between, or a list. One that is empty says that there are none. Null when
 * it says nothing.
 */
export function readScopes(value: unknown): readonly string[] | null {
  const parts: unknown[] = Array.isArray(value) ? value.slice(0, maxScopes) : [value]
  const names = parts
    .filter((part) => typeof part === 'string')
    .flatMap((part) => part.slice(0, maxScopes * maxScopeLength).split(/[\s,]/))
    .filter((name) => name.length <= maxScopeLength && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(name))
  const scopes = [...new Set(names)].slice(0, maxScopes)
  const isEmpty = value === '' || (Array.isArray(value) && value.length === 0)
  return scopes.length === 0 && !isEmpty ? null : scopes
}
