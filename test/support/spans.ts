import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TextMapPropagator,
  type Tracer,
  trace,
} from '@opentelemetry/api'

/** One span that has ended. */
export interface EndedSpan {
  name: string
  kind: SpanKind
  attributes: Attributes
  status: SpanStatus
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  /** Events, links and exceptions: whatever else was said. */
  extras: unknown[]
}

/**
 * Registers with OpenTelemetry's API what an application would bring with its SDK: a tracer, contexts
 * that follow promises, and `traceparent`. Answers the spans as they end, and how to undo it.
 */
export function recordSpans(): { spans: EndedSpan[]; stop(): void } {
  const spans: EndedSpan[] = []
  let made = 0
  const nextId = (digits: number) => (++made).toString(16).padStart(digits, '0')

  function startSpan(name: string, options: SpanOptions = {}, from = context.active()): Span {
    const parent = trace.getSpanContext(from)
    const ids: SpanContext = {
      traceId: parent?.traceId ?? nextId(32),
      spanId: nextId(16),
      traceFlags: 1,
    }
    const ended: EndedSpan = {
      name,
      kind: options.kind ?? SpanKind.INTERNAL,
      attributes: { ...options.attributes },
      status: { code: SpanStatusCode.UNSET },
      traceId: ids.traceId,
      spanId: ids.spanId,
      parentSpanId: parent?.spanId,
      extras: [...(options.links ?? [])],
    }
    const span: Span = {
      spanContext: () => ids,
      setAttribute(key, value) {
        ended.attributes[key] = value
        return span
      },
      setAttributes(more) {
        Object.assign(ended.attributes, more)
        return span
      },
      addEvent: (...event) => keep(event),
      addLink: (link) => keep(link),
      addLinks: (links) => keep(links),
      setStatus(status) {
        ended.status = status
        return span
      },
      updateName(next) {
        ended.name = next
        return span
      },
      end: () => void spans.push(ended),
      isRecording: () => true,
      recordException: (exception) => void keep(String(exception)),
    }
    function keep(extra: unknown): Span {
      ended.extras.push(extra)
      return span
    }
    return span
  }

  const tracer: Tracer = {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]) {
      // The overloads of the interface: the function is last, options and context stand before it.
      const run = rest.pop() as (span: Span) => never
      const [options, from = context.active()] = rest as [SpanOptions?, Context?]
      const span = startSpan(name, options, from)
      return context.with(trace.setSpan(from, span), run, undefined, span)
    },
  }

  context.setGlobalContextManager(createContexts())
  propagation.setGlobalPropagator(traceparent)
  trace.setGlobalTracerProvider({ getTracer: () => tracer })
  return {
    spans,
    stop() {
      trace.disable()
      propagation.disable()
      context.disable()
    },
  }
}

function createContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>()
  return {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (next, run, self, ...args) => storage.run(next, () => run.call(self as never, ...args)),
    bind: (_next, target) => target,
    enable() {
      return this
    },
    disable() {
      storage.disable()
      return this
    },
  }
}

/** W3C Trace Context, as much of it as is needed to go on with a trace. */
const traceparent: TextMapPropagator = {
  inject() {},
  extract(from, carrier, getter) {
    const header = getter.get(carrier, 'traceparent')
    const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(header)) ?? []
    if (traceId === undefined || spanId === undefined) return from
    return trace.setSpanContext(from, { traceId, spanId, traceFlags: 1, isRemote: true })
  },
  fields: () => ['traceparent'],
}
