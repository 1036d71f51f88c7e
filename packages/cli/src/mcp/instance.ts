/** Requests to the instance, with the bounds that the settings give. Nothing is followed by itself. */
import { readFileSync } from 'node:fs'
import { SendFailure } from '@keywell/tools'
import { Agent, fetch } from 'undici'
import type { Settings } from './settings.ts'

export interface InstanceRequest {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
  readonly maxBytes: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

export interface InstanceAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  readonly isCut: boolean
}

export interface Instance {
  /** @throws SendFailure */
  send(request: InstanceRequest): Promise<InstanceAnswer>
  close(): Promise<void>
}

export function openInstance({
  tls,
  maxConnections,
}: Pick<Settings, 'tls' | 'maxConnections'>): Instance {
  const ca = tls.caFile === undefined ? undefined : readFileSync(tls.caFile, 'utf8')
  const agent = new Agent({
    connections: maxConnections,
    connect: { rejectUnauthorized: tls.verify, ...(ca !== undefined && { ca }) },
  })
  return { send: (request) => send(agent, request), close: () => agent.close() }
}

async function send(dispatcher: Agent, request: InstanceRequest): Promise<InstanceAnswer> {
  const { url, method, headers, body, maxBytes, timeoutMs, signal } = request
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await fetch(url, {
      dispatcher,
      method,
      headers,
      redirect: 'manual',
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
      ...(body !== undefined && { body }),
    })
    const { bytes, isCut } = await readBounded(answer.body, maxBytes)
    // Of undici's own types, which say the same.
    return { status: answer.status, headers: new Headers([...answer.headers]), body: bytes, isCut }
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw failureOf(url, cause, deadline.aborted)
  }
}

async function readBounded(
  stream: AsyncIterable<Uint8Array> | null,
  maxBytes: number,
): Promise<{ bytes: Uint8Array; isCut: boolean }> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of stream ?? []) {
    chunks.push(chunk)
    length += chunk.length
    // Leaving the loop ends the answer.
    if (length > maxBytes)
      return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true }
  }
  return { bytes: Buffer.concat(chunks), isCut: false }
}

/** Codes of errors before anything was sent. */
const notSent: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function failureOf(url: URL, error: unknown, isLate: boolean): SendFailure {
  if (isLate) return new SendFailure('timed_out', `${url.host} did not answer in time.`, true)
  const code = codeOf(error)
  const isTls = code.startsWith('ERR_TLS') || /CERT|SIGNATURE/.test(code)
  if (isTls || notSent.has(code)) {
    return new SendFailure('unreachable', `${url.host} cannot be reached: ${code}.`, false)
  }
  return new SendFailure('broken_off', `${url.host} broke off: ${code}.`, true)
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as NodeJS.ErrnoException
  return code ?? (error.cause === undefined ? error.name : codeOf(error.cause))
}
