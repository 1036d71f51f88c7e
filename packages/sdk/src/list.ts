/** How a list is read, page by page. */
export interface ListParts<Item, Page> {
  /** @param place of a page behind the first; spread over the query */
  readonly read: (place: { readonly cursor?: string }) => Promise<Page>
  readonly itemsOf: (page: Page) => readonly Item[]
  /** Leads to the page behind; null: there is none. */
  readonly cursorOf: (page: Page) => string | null
}

/**
 * A list that the service answers in pages. Three ways to read it:
 *
 *     for await (const connection of keywell.connections.list(query)) …   // every item, of all pages
 *     const { connections, nextCursor } = await keywell.connections.list(query)   // the first page
 *     for await (const page of keywell.connections.list(query).pages()) …   // page by page
 *
 * An async function that returns it returns its first page, as with every promise.
 *
 * Nothing is asked before it is awaited or iterated, and a page only when it is reached. What fails then
 * throws a `KeywellError`.
 */
export class List<Item, Page> implements Promise<Page>, AsyncIterable<Item> {
  readonly #parts: ListParts<Item, Page>
  #first: Promise<Page> | undefined

  constructor(parts: ListParts<Item, Page>) {
    this.#parts = parts
  }

  get [Symbol.toStringTag](): string {
    return 'List'
  }

  /** The first page. */
  // biome-ignore lint/suspicious/noThenProperty: to be awaited is its purpose
  then<Taken = Page, Caught = never>(
    take?: ((page: Page) => Taken | PromiseLike<Taken>) | null,
    fail?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Taken | Caught> {
    return this.#readFirst().then(take, fail)
  }

  catch<Caught = never>(
    fail?: ((reason: unknown) => Caught | PromiseLike<Caught>) | null,
  ): Promise<Page | Caught> {
    return this.#readFirst().catch(fail)
  }

  finally(settled?: (() => void) | null): Promise<Page> {
    return this.#readFirst().finally(settled)
  }

  /** Its pages, each read when it is reached. */
  async *pages(): AsyncGenerator<Page, void, void> {
    let page = await this.#readFirst()
    for (;;) {
      yield page
      const cursor = this.#parts.cursorOf(page)
      if (cursor === null) return
      page = await this.#parts.read({ cursor })
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, void> {
    for await (const page of this.pages()) yield* this.#parts.itemsOf(page)
  }

  /** Kept: a caller that awaits the list and iterates it reads its first page once. */
  #readFirst(): Promise<Page> {
    this.#first ??= this.#parts.read({})
    return this.#first
  }
}
