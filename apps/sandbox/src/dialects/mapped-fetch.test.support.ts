// Named so that it counts as a test everywhere (build, lint) and is not run as one.

/** A `fetch` for a vendor's client: what goes to the vendor's origins goes to a stand-in's. */
export function mappedFetch(origins: Readonly<Record<string, string>>): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const target = origins[url.origin]
    if (target === undefined) throw new Error(`a test reaches no other machine: ${url.origin}`)
    return await fetch(target + url.pathname + url.search, input instanceof Request ? input : init)
  }
}

/** The body of an answer that is JSON. */
export async function bodyOf(response: Response): Promise<Record<string, unknown>> {
  return JSON.parse(await response.text())
}
