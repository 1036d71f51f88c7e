import { context, propagation, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'

type SpanName =
  | 'keywell.refresh'
  | 'keywell.probe'
  | 'keywell.credential.read'
  | 'keywell.connect.confirm'
  | 'keywell.outbound'

const kinds: Readonly<Record<SpanName, SpanKind>> = {
  'keywell.refresh': SpanKind.INTERNAL,
  'keywell.probe': SpanKind.INTERNAL,
  'keywell.credential.read': SpanKind.SERVER,
  'keywell.connect.confirm': SpanKind.SERVER,
  'keywell.outbound': SpanKind.CLIENT,
}

/**
 * The attributes that a span may have. The list is closed: no token, no path, no query, and no id of a person.
 * Names without `keywell` are OpenTelemetry's semantic conventions.
 */
export interface SpanFacts {
  'keywell.provider'?: string
  'keywell.outcome'?: string
  /** No user waits for the call. */
  'keywell.background'?: boolean
  'http.request.method'?: string
  'http.response.status_code'?: number
  'server.address'?: string
  'server.port'?: number
}

/** Adds attributes to the span. */
export type Say = (facts: SpanFacts) => void

/** Spans for an application that has registered a tracer with `@opentelemetry/api`; otherwise nothing. */
export interface Tracing {
  /** Runs inside a span, which ends with it. The span has the kind of an error, never its message. */
  span<Result>(
    name: SpanName,
    facts: SpanFacts,
    run: (say: Say) => Promise<Result>,
  ): Promise<Result>
  /** Runs inside the trace that a caller's `traceparent` names (W3C Trace Context). */
  continued<Result>(header: (name: string) => string | undefined, run: () => Result): Result
}

export function createTracing(tracer: Tracer): Tracing {
  return {
    span: (name, facts, run) =>
      tracer.startActiveSpan(
        name,
        { kind: kinds[name], attributes: { ...facts } },
        async (span) => {
          try {
            return await run((more) => void span.setAttributes({ ...more }))
          } catch (error) {
            span.setAttribute('error.type', kindOf(error))
            span.setStatus({ code: SpanStatusCode.ERROR })
            throw error
          } finally {
            span.end()
          }
        },
      ),

    continued: (header, run) =>
      context.with(propagation.extract(context.active(), header, headers), run),
  }
}

/** For tests, and for parts that are used alone. */
export const silentTracing: Tracing = {
  span: (_name, _facts, run) => run(() => {}),
  continued: (_header, run) => run(),
}

const headers = {
  get: (header: (name: string) => string | undefined, name: string) => header(name),
  keys: () => ['traceparent', 'tracestate'],
}

/** A code, a reason or the name of a class; all of them are words of ours. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if ('code' in error && typeof error.code === 'string' && /^\w{1,60}$/.test(error.code)) {
    return error.code
  }
  if ('reason' in error && typeof error.reason === 'string' && /^\w{1,60}$/.test(error.reason)) {
    return error.reason
  }
  return error.name
}
