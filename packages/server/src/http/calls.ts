import { KeywellError } from '@keywell/protocol'

/** Counts the calls under way, so that a stop answers what has begun and takes nothing more. */
export interface Calls {
  /** @throws nothing: once `end` was called, the answer is 503 with the time to try another process */
  run(call: () => Response | Promise<Response>): Promise<Response>
  /** Takes no more, and resolves when all that has begun is answered. */
  end(): Promise<void>
}

/** A load balancer has found out by then, in milliseconds. */
const retryAfterMs = 1_000

export function createCalls(): Calls {
  let underWay = 0
  let isEnding = false
  let answered = () => {}

  return {
    async run(call) {
      if (isEnding) return stopping()
      underWay += 1
      try {
        return await call()
      } finally {
        underWay -= 1
        if (underWay === 0) answered()
      }
    },

    async end() {
      isEnding = true
      if (underWay === 0) return
      await new Promise<void>((resolve) => {
        answered = resolve
      })
    },
  }
}

function stopping(): Response {
  const error = new KeywellError('unavailable', 'This process of the service is stopping.', {
    retryAfterMs,
  })
  return Response.json(error.toProblem(), {
    status: error.status,
    headers: {
      'content-type': 'application/problem+json',
      'retry-after': String(retryAfterMs / 1_000),
      connection: 'close',
    },
  })
}
