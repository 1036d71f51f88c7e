/**
 * A man in the middle between an SDK and the service: sees every event of the change stream, and may
 * keep it, change it, repeat it or add to it. Pass `fetch` to the SDK.
 */
export class Wire {
  /** Every event that the service has sent, in order. */
  readonly seen: string[] = []
  /** Bodies of the credentials that were asked for. */
  readonly reads: string[] = []
  /** Requests for the stream. */
  opened = 0
  /** What becomes of an event. Default: it passes as it is. */
  pass: (event: string) => readonly string[] = (event) => [event]
  /** Stream and log are refused, and streams that are open end. */
  isCut = false
  /** The log is refused. */
  isLogCut = false
  readonly #open = new Set<ReadableStreamDefaultController<Uint8Array>>()

  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const url = String(input)
    if (url.endsWith('/v1/credentials')) this.reads.push(String(init?.body))
    if (url.includes('/v1/changes/log') && (this.isCut || this.isLogCut)) {
      throw new TypeError('fetch failed')
    }
    if (!url.endsWith('/v1/changes')) return fetch(input, init)
    this.opened += 1
    if (this.isCut) throw new TypeError('fetch failed')
    const answer = await fetch(input, init)
    return answer.body === null ? answer : new Response(this.#through(answer.body), answer)
  }

  /** Where the last event stood that the service has sent. */
  get position(): string {
    return /^id: (.*)$/m.exec(this.seen.at(-1) ?? '')?.[1] ?? ''
  }

  /** Adds an event to every open stream. */
  inject(event: string): void {
    for (const stream of this.#open) stream.enqueue(new TextEncoder().encode(event))
  }

  cut(): void {
    this.isCut = true
    for (const stream of this.#open) stream.error(new Error('cut'))
    this.#open.clear()
  }

  /** The `kind` of a change; undefined for every other event. */
  static kindOf(event: string): string | undefined {
    const data = /^data: (.*)$/m.exec(event)?.[1]
    return data === undefined ? undefined : JSON.parse(data).change?.kind
  }

  #through(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start: async (controller) => {
        this.#open.add(controller)
        const decoder = new TextDecoder()
        let text = ''
        try {
          for await (const chunk of body) {
            const events = (text + decoder.decode(chunk, { stream: true })).split(/(?<=\n\n)/)
            text = events.at(-1)?.endsWith('\n\n') ? '' : (events.pop() ?? '')
            for (const event of events) this.#forward(event, controller)
          }
        } catch {
          // The reader has gone: there is no stream to forward to.
        }
        if (this.#open.delete(controller)) controller.close()
      },
    })
  }

  #forward(event: string, to: ReadableStreamDefaultController<Uint8Array>): void {
    this.seen.push(event)
    for (const passed of this.pass(event)) {
      if (this.#open.has(to)) to.enqueue(new TextEncoder().encode(passed))
    }
  }
}
