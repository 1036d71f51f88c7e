/** What of an answer no agent sees. */

export interface Withheld {
  /** Fields of this tool's answer, at any depth. */
  readonly fields: readonly string[]
  /** Texts that are cut out wherever they stand, such as the access token of the call. */
  readonly secrets: readonly string[]
}

const redacted = '[redacted]'
/** Secrets of GitLab that stand in answers about something else. */
const always = new Set(['runners_token', 'import_url'])

/** A copy without them. A withheld field has `<field>_redacted` beside it. */
export function withhold(value: unknown, withheld: Withheld): unknown {
  if (typeof value === 'string') return withoutSecrets(value, withheld.secrets)
  if (Array.isArray(value)) return value.map((each) => withhold(each, withheld))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => fieldOf(name, each, withheld)),
  )
}

function fieldOf(field: string, value: unknown, withheld: Withheld): [string, unknown][] {
  const name = withoutSecrets(field, withheld.secrets)
  const isSecret = always.has(field) || withheld.fields.includes(field)
  // Null says that there is none, or that the provider withholds it by itself.
  if (!isSecret || value === null) return [[name, withhold(value, withheld)]]
  if (field === 'import_url') {
    return [[name, withoutSecrets(withoutPassword(String(value)), withheld.secrets)]]
  }
  return [
    [name, redacted],
    [`${name}_redacted`, true],
  ]
}

/** Before a text is cut, so that no half of one is left. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.filter(Boolean).reduce((rest, secret) => rest.replaceAll(secret, redacted), text)
}

function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return redacted
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href
}
