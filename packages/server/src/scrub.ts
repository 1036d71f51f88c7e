import { Secret } from '@keywell/protocol'
import { providers, tokenMarksOf } from '@keywell/providers'

/*
 * The second safeguard of the log: nothing that looks like a secret is written, however it got there. The
 * first is that none gets there (`Secret`, errors without requests). Operators of GitLab may choose
 * other prefixes, so shapes alone prove nothing.
 */

const redacted = '[redacted]'

/**
 * Shapes of secrets. `keep` and `after` stay, so that the line still says what it was about.
 *
 * Each takes all that may belong to the secret, and only then its length is looked at: a pattern that
 * counts would go back and try again from the next character, and a long text would cost its square.
 */
const shapes: readonly {
  readonly pattern: RegExp
  readonly minLength: number
  /** What is in each secret of this shape. */
  readonly holds?: string
}[] = [
  // Ours: API keys, connect and change tokens and every other JWT, secrets of webhooks.
  { pattern: /(?<keep>\bkw_[0-9A-Z]+_)(?<secret>[0-9A-Z]+)/g, minLength: 20 },
  // One part of a JWT is no credential: the signed heads of the audit log are logged in parts.
  { pattern: /\b(?<secret>eyJ[\w.-]+)/g, minLength: 14, holds: '.' },
  { pattern: /(?<keep>\bwhsec_)(?<secret>[\w+/=-]+)/g, minLength: 16 },
  // Of providers: GitLab (tokens, OAuth secrets, runners, deploys), GitHub, Docker Hub, Slack, OpenAI and the like.
  { pattern: /(?<keep>\bgl[a-z]+-)(?<secret>[\w.-]+)/g, minLength: 16 },
  { pattern: /(?<keep>\b(?:gh[a-z]|[a-z]+_pat)_)(?<secret>\w+)/g, minLength: 16 },
  { pattern: /(?<keep>\b(?:xox[a-z]|sk|pk|rk)[-_])(?<secret>[\w-]+)/g, minLength: 16 },
  // As a header or a line of one.
  { pattern: /(?<keep>\b(?:Bearer|Basic|DPoP)\s+)(?<secret>[\w.~+/=-]+)/gi, minLength: 8 },
  // In a connection string.
  { pattern: /(?<keep>:\/\/[^\s:/@]*:)(?<secret>[^\s/@]+)(?<after>@)/g, minLength: 1 },
  // Keys and certificates, up to the two dashes that begin the last line. One dash may stand in a header.
  { pattern: /(?<keep>-----BEGIN [A-Z ]*-----)(?<secret>(?:[^-]|-[^-])*)/g, minLength: 1 },
]

/** Parameters of a URL or a form whose value is a secret. */
const secretParameters: ReadonlySet<string> = new Set(
  [
    'access_token refresh_token id_token private_token token client_secret client_assertion secret',
    'code code_verifier state ticket keywell_ticket start_code password passwd api_key sig signature',
  ].flatMap((names) => names.split(' ')),
)

/** Names of fields whose value is a secret, whatever it looks like: by their end, or as a whole. */
const secretEnds = /(?:password|passphrase|secret|credential)$/
const secretNames: ReadonlySet<string> = new Set(
  [
    'authorization proxy-authorization cookie set-cookie private-token',
    'token accesstoken refreshtoken idtoken connecttoken bearertoken privatetoken finishtoken',
    'apikey privatekey rootkey pepper code codeverifier verifier state ticket startcode',
  ].flatMap((names) => names.split(' ')),
)

/** What is deeper or longer is cut. */
const maxDepth = 6
const maxItems = 100
const maxCharacters = 8_192

/** Of a word with a mark in it; a shorter one is the mark alone, or a name. */
const minMarkedLength = 20
const bundledMarks = tokenMarksOf(providers)

/**
 * A text without anything in it that has the shape of a secret.
 *
 * @param marks what stands in the tokens of providers. Default: of those that are bundled
 */
export function scrubText(text: string, marks: readonly string[] = bundledMarks): string {
  let clean = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
  for (const { pattern, ...bounds } of shapes) {
    clean = clean.replace(pattern, (found, ...rest) => redact(found, rest.at(-1), bounds))
  }
  return withoutParameters(withoutMarked(clean, marks))
}

/** @param groups the last argument that `replace` passes: the named groups of the pattern */
function redact(
  found: string,
  groups: Record<string, string>,
  { minLength, holds = '' }: { minLength: number; holds?: string },
): string {
  const { keep = '', secret = '', after = '' } = groups
  return secret.length < minLength || !secret.includes(holds) ? found : `${keep}${redacted}${after}`
}

function withoutMarked(text: string, marks: readonly string[]): string {
  const found = marks.filter((mark) => text.includes(mark))
  if (found.length === 0) return text
  return text.replace(/[\w.~+=-]+/g, (word) =>
    word.length >= minMarkedLength && found.some((mark) => word.includes(mark)) ? redacted : word,
  )
}

/** Each value of a parameter that is a secret, up to where the next one begins. */
function withoutParameters(text: string): string {
  let clean = ''
  let copied = 0
  for (const { 0: found, 1: name = '', index } of text.matchAll(/\b(\w+)=/g)) {
    if (index < copied || !secretParameters.has(name.toLowerCase())) continue
    const from = index + found.length
    const valueEnd = /[&#\s"';]|$/g
    valueEnd.lastIndex = from
    const end = valueEnd.exec(text)?.index ?? text.length
    if (end === from) continue
    clean += text.slice(copied, from) + redacted
    copied = end
  }
  return clean + text.slice(copied)
}

type Level = 'debug' | 'info' | 'warn' | 'error'
/** `Logger` of logger.ts, declared again: both files are at the bottom, where none imports another. */
interface Levels {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  isLevelEnabled?(level: string): boolean
}

/**
 * A logger that writes to another what is left of each line; of a level that is off, nothing is looked at.
 *
 * @param marksNow as `marks` of `scrubText`; asked for at each line
 */
export function scrubbed(
  logger: Levels,
  marksNow: () => readonly string[] = () => bundledMarks,
): Required<Levels> {
  const isLevelEnabled = (name: string) => logger.isLevelEnabled?.(name) ?? true
  const level = (name: Level) => (fields: object, message: string) => {
    if (!isLevelEnabled(name)) return
    const marks = marksNow()
    logger[name](scrubFields(fields, marks), scrubText(message, marks))
  }
  return {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
    isLevelEnabled,
  }
}

type Marks = readonly string[]

function scrubFields(fields: object, marks: Marks): object {
  const clean = scrub(fields, marks, 0)
  return typeof clean === 'object' && clean !== null ? clean : { value: clean }
}

function scrub(value: unknown, marks: Marks, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value, marks)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null)
    return typeof value === 'function' ? undefined : value
  if (value instanceof Secret) return redacted
  if (value instanceof Date) return value
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (depth >= maxDepth) return '[deeper]'
  if (value instanceof Error) return scrubError(value, marks, depth)
  if (Array.isArray(value))
    return value.slice(0, maxItems).map((item) => scrub(item, marks, depth + 1))
  return scrubEntries(Object.entries(value), marks, depth)
}

function scrubEntries(entries: readonly [string, unknown][], marks: Marks, depth: number): object {
  return Object.fromEntries(
    entries
      .slice(0, maxItems)
      .map(([name, value]) => [
        name,
        isSecretName(name, value) ? redacted : scrub(value, marks, depth + 1),
      ]),
  )
}

/** `code` is the name of an error's code, too; that is a word, and no secret has so few characters. */
function isSecretName(name: string, value: unknown): boolean {
  if (value === null || value === undefined || typeof value === 'boolean') return false
  const plain = name.toLowerCase()
  if (!secretEnds.test(plain) && !secretNames.has(plain.replaceAll('_', ''))) return false
  const isWord = typeof value === 'string' && /^[a-z_]{1,40}$|^[A-Z0-9_]{1,30}$/.test(value)
  return !(isWord && /^(?:code|state)$/i.test(name))
}

/** Name, message, code, stack and cause of an error; never what else a library has attached to it. */
function scrubError(error: Error, marks: Marks, depth: number): object {
  const { name, message, stack, cause } = error
  return {
    name,
    message: scrubText(message, marks),
    ...('code' in error ? { code: scrub(error.code, marks, depth + 1) } : {}),
    ...(stack === undefined ? {} : { stack: scrubText(stack, marks) }),
    ...(cause === undefined ? {} : { cause: scrub(cause, marks, depth + 1) }),
  }
}
