import { z } from 'zod'

const pastedCharacters = (maxLength: number) => `must have at most ${maxLength} characters`

/**
 * An id or a secret that was copied from a provider's page. It goes into a header or a form as it is,
 * so that a blank, a line end or an invisible character that came along would be refused there, later and
 * without a word why. Nothing is trimmed: what is stored is what was sent.
 */
export const pastedText = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength, pastedCharacters(maxLength))
    .regex(
      /^[\x21-\x7e]+$/,
      'must be 1 or more visible ASCII characters, without spaces: copy it again, without line ends or invisible characters',
    )

/** The same of several lines, such as a private key in PEM: it is never in a header. */
export const pastedLines = (maxLength: number): z.ZodString =>
  z
    .string()
    .max(maxLength, pastedCharacters(maxLength))
    .regex(
      /^[\t\n\r\x20-\x7e]+$/,
      'must be ASCII characters and line ends: copy it again, without invisible characters',
    )
