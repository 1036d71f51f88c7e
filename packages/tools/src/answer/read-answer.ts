/** What an agent gets of a provider's answer. */
import type { ToolDefinition } from '../definition.ts'
import type { Arguments } from '../read-arguments.ts'
import { AnswerError } from './answer-error.ts'
import { boundData } from './bound.ts'
import { byteLength } from './bytes.ts'
import { viewFile } from './file.ts'
import { viewLog } from './log.ts'
import { withhold, withoutSecrets } from './withhold.ts'

/** An answer that says that it was done. */
export interface ProviderAnswer {
  readonly status: number
  readonly headers: Pick<Headers, 'get'>
  readonly body: Uint8Array
  /** There was more of it, which was not read. Default: no. */
  readonly isCut?: boolean
}

export interface AnswerOptions {
  /** Bytes of a list or an object, as JSON. */
  readonly maxBytes: number
  /** Whether the tenant's policy shows what the tool withholds. */
  readonly reveals: boolean
  /** Texts that are cut out wherever they stand, such as the access token of the call. */
  readonly secrets: readonly string[]
}

/** What the provider answered. Titles, comments and logs in it were written by anybody: it is data. */
export interface ToolResult {
  readonly data: unknown
  /** Of a list: the number of its next page, where there is one. */
  readonly nextPage?: number
  /** Of a list: how many there are on all pages, where the provider counts them. */
  readonly total?: number
  /** Something was cut; `warnings` or the data say what. */
  readonly truncated?: true
  readonly warnings?: readonly string[]
}

/** @throws AnswerError */
export function readAnswer(
  tool: ToolDefinition,
  given: Arguments,
  answer: ProviderAnswer,
  options: AnswerOptions,
): ToolResult {
  const { reveals, secrets } = options
  const withheld = { fields: reveals ? [] : (tool.withholds ?? []), secrets }
  switch (tool.response) {
    case 'text': {
      const keep = given.keep === 'start' ? 'start' : 'end'
      const maxBytes = maxBytesOf(tool, given)
      const { isCut = false } = answer
      const log = viewLog(answer.body, { maxBytes, keep, secrets, isCut })
      return { data: log, ...(log.truncated && { truncated: true }) }
    }
    case 'binary':
      return { data: archiveOf(tool, given, answer, secrets) }
    case 'none':
      return { data: answer.body.length === 0 ? { ok: true } : withhold(jsonOf(answer), withheld) }
    case 'list':
      return listOf(tool, withhold(jsonOf(answer), withheld), answer, options)
    case 'object':
      return objectOf(tool, given, withhold(jsonOf(answer), withheld), options)
  }
}

function listOf(
  { listIn }: ToolDefinition,
  answer: unknown,
  { headers }: ProviderAnswer,
  options: AnswerOptions,
): ToolResult {
  const around = listIn !== undefined && isObject(answer) ? answer : undefined
  const list = listIn === undefined ? answer : around?.[listIn.items]
  if (!Array.isArray(list)) throw new AnswerError('unusable', 'The answer is no list.')
  const { data, truncated, warnings } = boundData(list, options.maxBytes)
  const nextPage = nextPageOf(headers)
  const total = countOf(around === undefined ? headers.get('x-total') : around[listIn?.total ?? ''])
  return {
    data,
    ...(nextPage !== undefined && { nextPage }),
    ...(total !== undefined && { total }),
    ...(truncated && { truncated, warnings }),
  }
}

function objectOf(
  tool: ToolDefinition,
  given: Arguments,
  answer: unknown,
  { maxBytes, secrets }: AnswerOptions,
): ToolResult {
  const { entriesOf } = tool
  const isDirectory = entriesOf !== undefined && Array.isArray(answer)
  const object = isDirectory ? { [entriesOf]: answer } : answer
  if (!isObject(object)) throw new AnswerError('unusable', 'The answer is no object.')
  if (tool.isFile && !isDirectory) {
    const { data, truncated } = viewFile(object, { maxBytes: maxBytesOf(tool, given), secrets })
    return { data, ...(truncated && { truncated }) }
  }
  const { data, truncated, warnings } = boundData(object, maxBytes)
  if (data === undefined) throw tooLarge(byteLength(JSON.stringify(object)))
  return { data, ...(truncated && { truncated, warnings }) }
}

function archiveOf(
  tool: ToolDefinition,
  given: Arguments,
  { headers, body, isCut }: ProviderAnswer,
  secrets: readonly string[],
): object {
  if (body.length > maxBytesOf(tool, given)) {
    const whole = countOf(headers.get('content-length'))
    throw tooLarge(isCut ? (whole ?? `at least ${body.length}`) : body.length)
  }
  const shown = (text: string | null) => text && withoutSecrets(text, secrets)
  return {
    content_base64: Buffer.from(body).toString('base64'),
    file_name: shown(fileNameOf(headers.get('content-disposition'))),
    content_type: shown(headers.get('content-type')),
    byte_count: body.length,
  }
}

function tooLarge(bytes: number | string): AnswerError {
  return new AnswerError('too_large', `The answer has ${bytes} bytes, which is more than is taken.`)
}

/** As far as it says one in plain letters (RFC 6266). */
function fileNameOf(disposition: string | null): string | null {
  return /filename="([^"/\\]{1,200})"/.exec(disposition ?? '')?.[1] ?? null
}

function maxBytesOf({ name, parameters }: ToolDefinition, { max_bytes: asked }: Arguments): number {
  const bound = asked ?? parameters.find((each) => each.name === 'max_bytes')?.default
  if (typeof bound !== 'number') throw new Error(`invariant: ${name} has no bound`)
  return bound
}

/** GitLab names it; where it does not, the link to it does (RFC 8288). */
function nextPageOf(headers: ProviderAnswer['headers']): number | undefined {
  const named = countOf(headers.get('x-next-page'))
  if (named !== undefined) return named
  const links = (headers.get('link') ?? '').split(',')
  const next = links.find((link) => link.includes('rel="next"'))
  return countOf(/[?&]page=(\d{1,9})/.exec(next ?? '')?.[1] ?? null)
}

function countOf(count: unknown): number | undefined {
  return /^\d{1,15}$/.test(String(count)) ? Number(count) : undefined
}

function jsonOf({ body }: ProviderAnswer): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    throw new AnswerError('unusable', 'The answer is not JSON.')
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
