/**
 * Cuts bytes that come in pieces into lines of text, ended by LF, CR or both.
 *
 * Only what is new is searched for line ends, so that the work grows with the bytes alone, and not with
 * the number of pieces that a line comes in.
 */
export class LineReader {
  readonly #decoder = new TextDecoder()
  readonly #maxLength: number
  #rest = ''
  /** The last piece ended with a CR: a LF that comes next belongs to it. */
  #endsWithCr = false

  /** @param maxLength longest line that is read, in characters */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** What has come of a line that has not ended. */
  get rest(): string {
    return this.#rest
  }

  /**
   * The lines that end in this piece, without their ends.
   *
   * @throws Error for a line that is too long
   */
  push(bytes: Uint8Array): string[] {
    const decoded = this.#decoder.decode(bytes, { stream: true })
    const text = this.#endsWithCr && decoded.startsWith('\n') ? decoded.slice(1) : decoded
    if (decoded !== '') this.#endsWithCr = decoded.endsWith('\r')
    const lines = text.split(/\r\n|\n|\r/)
    lines[0] = this.#rest + lines[0]
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > this.#maxLength) throw new Error('sent a line that is too long')
    return lines
  }
}
