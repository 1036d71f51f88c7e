/** A reason not to start, in words for the person at the terminal. Printed without a stack. */
export class StartError extends Error {
  override readonly name = 'StartError'
}
