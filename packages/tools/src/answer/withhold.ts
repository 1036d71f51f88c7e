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
  const fields: [string, unknown][] = []
  for (const [name, each] of Object.entries(value)) addField(fields, name, each, withheld)
  // As pairs: a field of an object that is named `__proto__` would be none.
  return Object.fromEntries(fields)
}

/** An answer has thousands of fields and texts: here and below, none of them costs a list of its own. */
function addField(
  fields: [string, unknown][],
  field: string,
  value: unknown,
  withheld: Withheld,
): void {
  const name = withoutSecrets(field, withheld.secrets)
  const isSecret = always.has(field) || withheld.fields.includes(field)
  // Null says that there is none, or that the provider withholds it by itself.
  if (!isSecret || value === null) {
    fields.push([name, withhold(value, withheld)])
  } else if (field === 'import_url') {
    fields.push([name, withoutSecrets(withoutPassword(String(value)), withheld.secrets)])
  } else {
    fields.push([name, redacted], [`${name}_redacted`, true])
  }
}

/** Before a text is cut, so that no half of one is left. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let rest = text
  for (const secret of secrets) {
    if (secret !== '' && rest.includes(secret)) rest = rest.replaceAll(secret, redacted)
  }
  return rest
}

function withoutPassword(text: string): string {
  if (!URL.canParse(text)) return redacted
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href
}
