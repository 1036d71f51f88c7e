import { Secret } from '@keywell/protocol'

/*
 * The second belt of the log: nothing that looks like a secret is written, whoever put it there. The
 * first is that nothing is there (`Secret`, errors without requests). Operators of GitLab may choose
 * other prefixes, so shapes alone prove nothing.
 */

const redacted = '[redacted]'

/** Shapes of secrets. What stands in `keep` stays, so that the line still says what it was about. */
const shapes: readonly RegExp[] = [
  // Ours: API keys, connect and change tokens and every other JWT, secrets of webhooks.
  /(?<keep>\bkw_[0-9A-HJKMNP-TV-Z]{26}_)[0-9A-Z]{20,}/g,
  /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g,
  /(?<keep>\bwhsec_)[\w+/=-]{16,}/g,
  // Of providers: GitLab (tokens, OAuth secrets, runners, deploys), GitHub, Slack, OpenAI and the like.
  /(?<keep>\b(?:gl[a-z]{2,8}|gloas)-)[\w.-]{16,}/g,
  /(?<keep>\b(?:gh[a-z]|github_pat)_)\w{16,}/g,
  /(?<keep>\b(?:xox[a-z]|sk|pk|rk)[-_])[\w-]{16,}/g,
  // As a header or a line of one.
  /(?<keep>\b(?:Bearer|Basic|DPoP)\s+)[\w.~+/=-]{8,}/gi,
  // In a URL, a form or a connection string.
  /(?<keep>[?&#;\s"']?\b(?:access_token|refresh_token|id_token|client_secret|client_assertion|code|code_verifier|state|token|ticket|keywell_ticket|start_code|password|passwd|private_token|secret|api_key|sig|signature)=)[^&#\s"';]+/gi,
  /(?<keep>\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}:)[^\s/@]{1,500}(?=@)/gi,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
]

/** Names of fields whose value is a secret, whatever it looks like. */
const secretNames =
  /^(?:authorization|proxy-authorization|cookie|set-cookie|private-token|.*(?:password|passphrase|secret|credential)|(?:access|refresh|id|connect|bearer|private|finish)?_?token|api_?key|code|code_?verifier|verifier|state|ticket|start_?code|private_?key|root_?key|pepper)$/i

/** Deeper than this, and longer than this, nobody reads. */
const maxDepth = 6
const maxItems = 100
const maxCharacters = 8_192

/** A text without anything in it that has the shape of a secret. */
export function scrubText(text: string): string {
  let clean = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
  for (const shape of shapes) clean = clean.replace(shape, redact)
  return clean
}

/** The last of what `replace` tells is the named groups, where the shape has some. */
function redact(...told: unknown[]): string {
  const groups = told.at(-1)
  const keep = typeof groups === 'object' && groups !== null && 'keep' in groups ? groups.keep : ''
  return `${keep ?? ''}${redacted}`
}

type Level = 'debug' | 'info' | 'warn' | 'error'
/** `Logger` of logger.ts, told here once more: both files are at the bottom, where none imports another. */
type Levels = Record<Level, (fields: object, message: string) => void>

/** A logger that writes to another what is left of each line. */
export function scrubbed(logger: Levels): Levels {
  const level = (name: Level) => (fields: object, message: string) =>
    logger[name](scrubFields(fields), scrubText(message))
  return { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') }
}

function scrubFields(fields: object): object {
  const clean = scrub(fields, 0)
  return typeof clean === 'object' && clean !== null ? clean : { value: clean }
}

function scrub(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' ? undefined : value
  if (value instanceof Secret) return redacted
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= maxDepth) return '[deeper]'
  if (value instanceof Error) return scrubError(value, depth)
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => scrub(item, depth + 1))
  return scrubEntries(Object.entries(value), depth)
}

function scrubEntries(entries: readonly [string, unknown][], depth: number): object {
  return Object.fromEntries(
    entries
      .slice(0, maxItems)
      .map(([name, value]) => [
        name,
        isSecretName(name, value) ? redacted : scrub(value, depth + 1),
      ]),
  )
}

/** `code` is the name of an error's code, too; that is a word, and no secret has so few characters. */
function isSecretName(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false
  if (!secretNames.test(name)) return false
  const isWord = typeof value === 'string' && /^[a-z_]{1,40}$|^[A-Z0-9_]{1,30}$/.test(value)
  return !(isWord && /^(?:code|state)$/i.test(name))
}

/** What an error says and why, as far as it is told; never what else a library has hung on it. */
function scrubError(error: Error, depth: number): object {
  const { name, message, stack, cause } = error
  return {
    name,
    message: scrubText(message),
    ...('code' in error ? { code: scrub(error.code, depth + 1) } : {}),
    ...(stack === undefined ? {} : { stack: scrubText(stack) }),
    ...(cause === undefined ? {} : { cause: scrub(cause, depth + 1) }),
  }
}
