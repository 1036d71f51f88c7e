import { readFirst } from '@keywell/providers'

/** What an app may do at one of its installations, and where there, as the provider says. */
export interface InstallationDetails {
  /** Levels by the names of permissions. */
  permissions: Readonly<Record<string, string>>
  /** A word for which repositories, or other parts; null: the provider does not say. */
  repositories: string | null
}

const maxPermissions = 200
/** Of names, levels and that word: they are stored, and shown. */
const word = /^[\w.:-]{1,100}$/

/** What is no word in an answer of the provider is left out. */
export function readDetails(
  places: {
    permissions?: readonly string[] | undefined
    repositories?: readonly string[] | undefined
  },
  body: unknown,
): InstallationDetails {
  const permissions: unknown = readFirst(body, places.permissions ?? [])
  const repositories: unknown = readFirst(body, places.repositories ?? [])
  const isObject = typeof permissions === 'object' && permissions !== null
  return {
    permissions: Object.fromEntries(
      Object.entries(isObject ? permissions : {})
        .filter((entry): entry is [string, string] => entry.every(isWord))
        .slice(0, maxPermissions),
    ),
    repositories: isWord(repositories) ? repositories : null,
  }
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && word.test(value)
}
