import { KeywellError } from '@keywell/protocol'
import type { Keywell } from '../keywell.ts'
import type { SignedIn } from './connect-handler.ts'
import { problemResponse } from './request.ts'

/**
 * Names the user who is signed in, by the app's own session; undefined or null: nobody is, and the answer is
 * 401. What it takes from a request must be proved, such as a signed cookie.
 */
export type Who<Request> = (
  request: Request,
) => SignedIn | null | undefined | Promise<SignedIn | null | undefined>

export async function serve(
  keywell: Pick<Keywell, 'connectHandler'>,
  request: () => Request,
  signedIn: SignedIn | null | undefined,
): Promise<Response> {
  return signedIn ? keywell.connectHandler(request(), signedIn) : problemResponse(nobody())
}

function nobody(): KeywellError {
  return new KeywellError('unauthorized', 'Nobody is signed in.', {
    nextStep: 'Sign in at the app first.',
  })
}
