import { z } from 'zod'

/**
 * The header `If-Match` (RFC 9110 section 13.1.1): the `revision` that the caller has read, bare or in quotes. A change
 * of anything newer is refused with `conflict`. Default: whatever it is.
 */
export const ifMatchSchema = z.object({
  'if-match': z
    .string()
    .regex(/^(?:[1-9]\d{0,8}|"[1-9]\d{0,8}")$/, 'must be the revision that was read')
    .optional(),
})

/** The revision that a caller wants to change; undefined: whatever it is. */
export function revisionOf(headers: z.output<typeof ifMatchSchema>): number | undefined {
  const text = headers['if-match']
  return text === undefined ? undefined : Number(text.replaceAll('"', ''))
}
