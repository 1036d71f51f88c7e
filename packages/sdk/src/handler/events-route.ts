import type { ConnectRequest } from './connect-request.ts'

/** Keeps what stands between from closing a connection that is silent. */
const heartbeatMs = 20_000
/** The browser comes again after this time, so that the app's own session is asked again. */
const longestMs = 5 * 60_000
/** Events that wait for a reader. A reader with that many has one among them that makes it read the list. */
const maxWaiting = 32

const encoder = new TextEncoder()

/**
 * Server-sent events that say no more than "read the list again": at the beginning, and whenever a connection of the
 * user may have changed. 204: this runtime ends what a request began, so nothing can be followed; or whoever asked has
 * gone already, and takes no place.
 */
export function followConnections({ parts, who, request }: ConnectRequest): Response {
  if (parts.follow === undefined || request.signal.aborted)
    return new Response(null, { status: 204, headers: { 'cache-control': 'no-store' } })
  let send = (_text: string): void => {}
  let end = (): void => {}
  const leave = parts.follow(who, () => send('data: {}\n\n'))
  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        send = (text) => {
          if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(text))
        }
        const heartbeat = setInterval(() => send(':\n\n'), heartbeatMs)
        const longest = setTimeout(() => {
          end()
          controller.close()
        }, longestMs)
        end = () => {
          send = () => {}
          clearInterval(heartbeat)
          clearTimeout(longest)
          leave()
        }
        unref(heartbeat, longest)
        send('data: {}\n\n')
      },
      cancel: () => end(),
    },
    { highWaterMark: maxWaiting },
  )
  // Some servers cancel the body of an answer whose reader has gone, and others abort the request.
  request.signal.addEventListener('abort', () => end(), { once: true })
  return new Response(body, { headers: eventStreamHeaders })
}

/** Nothing on the way may hold events back, or compress them. */
const eventStreamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const

/** A page that is open must not keep a process alive. */
function unref(...timers: (NodeJS.Timeout | number)[]): void {
  for (const timer of timers) if (typeof timer === 'object') timer.unref()
}
