export interface VendorOptions {
  readonly apiKey: string
  /** Of the model. Default: one that can use tools. */
  readonly name?: string | undefined
  readonly fetch?: typeof fetch | undefined
}
