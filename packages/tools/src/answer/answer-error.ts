/** An answer of the provider that cannot be handed on. */
export class AnswerError extends Error {
  /** `unusable`: not of the form that its operation has. `too_large`: beyond the bound of its tool. */
  readonly kind: 'unusable' | 'too_large'

  constructor(kind: AnswerError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}
