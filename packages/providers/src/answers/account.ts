import type { AccountReader, ProviderAccount } from '@keywell/protocol'
import { readFirst, readPointer } from './pointer.ts'

/** The account that an answer names; undefined: it names none. */
export function readAccount(
  { id, name, username, avatarUrl }: AccountReader,
  body: unknown,
): ProviderAccount | undefined {
  const found = idOf(readFirst(body, id.at), id.type)
  if (found === undefined) return undefined
  return {
    id: found,
    name: firstOf(body, name, isText),
    username: firstOf(body, username, isText),
    avatarUrl: firstOf(body, avatarUrl, isWebAddress),
  }
}

function idOf(value: unknown, type: AccountReader['id']['type']): string | undefined {
  if (type === 'text') return isText(value) ? value : undefined
  return Number.isSafeInteger(value) && Number(value) > 0 ? String(value) : undefined
}

function firstOf(
  body: unknown,
  pointers: readonly string[],
  isIt: (value: unknown) => value is string,
): string | null {
  return pointers.map((pointer) => readPointer(body, pointer)).find(isIt) ?? null
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** It ends up in an `<img>` of an app's page, and a self-managed host may answer anything. */
const isWebAddress = (value: unknown): value is string =>
  typeof value === 'string' && /^https?:\/\//.test(value)
