/**
 * Stands for the session of your app: a cookie that the app has signed says who is signed in. Put yours in its
 * place. What it answers must be proved; a header or a field that the browser chooses proves nothing.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { SignedIn } from '@keywell/sdk'

/** Of the whole app: all users are of one tenant here. */
const tenantId = 'org_acme'

const signatureOf = (userId: string): Buffer =>
  createHmac('sha256', process.env.SESSION_SECRET ?? '')
    .update(userId)
    .digest()

/** For the app's sign-in page, which has checked who it is. */
export function sessionCookie(userId: string): string {
  return `session=${userId}.${signatureOf(userId).toString('hex')}`
}

/** Null: nobody is signed in. */
export function signedIn(cookie: string | null | undefined): SignedIn | null {
  const session = cookie?.split('; ').find((part) => part.startsWith('session=')) ?? ''
  const [userId = '', signature = ''] = session.slice('session='.length).split('.')
  const claimed = Buffer.from(signature, 'hex')
  const right = signatureOf(userId)
  const isSigned = claimed.length === right.length && timingSafeEqual(claimed, right)
  return isSigned ? { tenantId, userId, scopes: { gitlab: { required: ['read_api'] } } } : null
}
