import { z } from 'zod'

/**
 * What a refresh does to the pair it was asked with.
 * - `strict`: both tokens die at once; a spent refresh token is refused, the newer pair lives (GitLab).
 * - `strict_family`: the same, but using a spent one kills every pair of the grant.
 * - `until_used`: the old pair dies when a token of the new one is first used (Doorkeeper's other mode).
 * - `grace`: a spent refresh token works again for a while; it gives the same pair, or a sibling.
 *   The old access token lives out its time.
 * - `grace_then_family`: the same, and using a spent one after that kills every pair of the grant.
 * - `none`: the refresh token stays; old access tokens live out their time. With `newEachTime` an answer
 *   brings another one all the same, and both work.
 */
export type Rotation =
  | { mode: 'strict' | 'strict_family' | 'until_used' }
  | { mode: 'none'; newEachTime?: boolean }
  | {
      mode: 'grace' | 'grace_then_family'
      graceSeconds: number
      graceAnswer: 'same' | 'sibling'
    }

export interface Settings {
  /** For tokens issued from now on; 7200 as at GitLab. */
  tokenLifetimeSeconds: number
  codeLifetimeSeconds: number
  rotation: Rotation
  /**
   * When the consent page is skipped: for a confidential application whose user has a living token
   * with the same scopes (GitLab), always, or never. Trusted applications never show it.
   */
  skipConsent: 'matching_token' | 'always' | 'never'
  /** Cross-Origin-Opener-Policy of the pages; null sends none. */
  openerPolicy: 'same-origin' | 'same-origin-allow-popups' | 'unsafe-none' | null
  /** Added to the clock: moves the sandbox into the future without waiting. */
  clockOffsetMs: number
  /**
   * API calls that a user may make in a minute. Null, the default: as many as they like, and no answer
   * speaks of a limit, as at an instance whose operator has set none.
   */
  apiCallsPerMinute: number | null
  /** Whether there is advanced search, which some scopes of a search need. */
  advancedSearch: boolean
  /** Whether artifacts lie in an object storage of another origin, to which GitLab redirects, or with GitLab. */
  artifactDelivery: 'redirect' | 'inline'
}

export const defaultSettings: Settings = {
  tokenLifetimeSeconds: 7_200,
  codeLifetimeSeconds: 600,
  rotation: { mode: 'strict' },
  skipConsent: 'matching_token',
  openerPolicy: null,
  clockOffsetMs: 0,
  apiCallsPerMinute: null,
  advancedSearch: false,
  artifactDelivery: 'redirect',
}

const rotationSchema: z.ZodType<Rotation> = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.enum(['strict', 'strict_family', 'until_used']) }),
  z.strictObject({ mode: z.literal('none'), newEachTime: z.boolean().exactOptional() }),
  z.strictObject({
    mode: z.enum(['grace', 'grace_then_family']),
    graceSeconds: z.number().nonnegative(),
    graceAnswer: z.enum(['same', 'sibling']),
  }),
])

/** A change of some settings. */
export const settingsPatchSchema: z.ZodType<Partial<Settings>> = z.strictObject({
  tokenLifetimeSeconds: z.number().positive().exactOptional(),
  codeLifetimeSeconds: z.number().positive().exactOptional(),
  rotation: rotationSchema.exactOptional(),
  skipConsent: z.enum(['matching_token', 'always', 'never']).exactOptional(),
  openerPolicy: z
    .enum(['same-origin', 'same-origin-allow-popups', 'unsafe-none'])
    .nullable()
    .exactOptional(),
  clockOffsetMs: z.number().exactOptional(),
  apiCallsPerMinute: z.int().positive().nullable().exactOptional(),
  advancedSearch: z.boolean().exactOptional(),
  artifactDelivery: z.enum(['redirect', 'inline']).exactOptional(),
})
