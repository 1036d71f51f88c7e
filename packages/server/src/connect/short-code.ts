import { timingSafeEqual } from 'node:crypto'
import type { FlowRow } from '../store/flows.ts'
import type { SessionMac, SessionRow } from '../store/sessions.ts'
import type { ConnectPeppers } from './connect-macs.ts'

/** Without vowels, so that no code is a word, and without letters that look alike (RFC 8628 section 6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
/** Of 20 letters each: 2.5e10 codes, of which a few may be tried. */
const length = 8

/**
 * The code that a page shows at the end of a link, and that its user gives back where the link came from. It is made
 * of the flow, of the browser that it is bound to and of a pepper, so that nothing is stored that a code could be
 * guessed from.
 *
 * Undefined: the version of the pepper that the session was made under is gone.
 */
export async function shortCodeOf(
  peppers: Pick<ConnectPeppers, 'find'>,
  session: SessionRow & SessionMac,
  flow: FlowRow,
): Promise<string | undefined> {
  const macs = await peppers.find(session.pepperVersion)
  if (macs === undefined) return undefined
  const bytes = Buffer.from(macs.ofShortCode(flow))
  // 64 bits, of which a code needs 35: which letter comes is as good as even.
  let rest = bytes.readBigUInt64BE()
  let code = ''
  for (let at = 0; at < length; at += 1) {
    code += letters[Number(rest % 20n)]
    rest /= 20n
  }
  return `${code.slice(0, length / 2)}-${code.slice(length / 2)}`
}

/** Whether a person typed this code, be it in small letters or without its dash. */
export function isShortCode(typed: string, code: string): boolean {
  const bytes = (text: string) =>
    Buffer.from(
      text
        .toUpperCase()
        .replaceAll(/[^A-Z]/g, '')
        .padEnd(length)
        .slice(0, 40),
    )
  const [one, other] = [bytes(typed), bytes(code)]
  return one.length === other.length && timingSafeEqual(one, other)
}
