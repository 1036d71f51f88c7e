/**
 * Where a connect session may send a browser. The app's backend says it, and a backend can be fooled: one
 * that takes its own address from a request names whatever site the sender of the request likes. So the
 * installation and the API key may each list the origins that sessions may name.
 */
import { KeywellError } from '@keywell/protocol'

export interface NamedOrigins {
  readonly origins: readonly string[]
  /** Null: nothing leads back to the app. */
  readonly returnUrl: string | null
  readonly pageOrigin?: string | undefined
  readonly link?: { readonly resumeUrl: string | null } | undefined
}

/** Null: everything is allowed. */
export interface OriginLists {
  readonly installation: readonly string[] | null
  readonly apiKey: readonly string[] | null
}

/** The first origin that a session may not name, and why; undefined: there is none. */
export function foreignOrigin(
  { origins, returnUrl, pageOrigin, link }: NamedOrigins,
  { installation, apiKey }: OriginLists,
): { origin: string; refusal: KeywellError } | undefined {
  for (const [name, url] of Object.entries({ returnUrl, resumeUrl: link?.resumeUrl ?? null })) {
    if (url === null || origins.includes(new URL(url).origin)) continue
    return refuse(new URL(url).origin, `${name} is on it, and it is not one of \`origins\`.`)
  }
  const unlisted = origins.find((origin) => installation?.includes(origin) === false)
  if (unlisted !== undefined) {
    return refuse(unlisted, 'The installation does not list it.', {
      nextStep:
        "If it is one of the app's, add it to the service's KEYWELL_APP_ORIGIN. If not, the app's backend takes its own origin from requests: configure it there.",
    })
  }
  const beyondKey = origins.find((origin) => apiKey?.includes(origin) === false)
  if (beyondKey !== undefined) {
    return refuse(beyondKey, 'This API key is for other origins.', {
      nextStep: `Name only ${apiKey?.join(', ')}, or use a key that lists it.`,
    })
  }
  if (pageOrigin !== undefined && !origins.includes(pageOrigin)) {
    return refuse(pageOrigin, 'A page there asked for the session, and it is not one of `origins`.')
  }
  return undefined
}

function refuse(origin: string, why: string, options?: { nextStep: string }) {
  const sentence = `No connect session for ${origin}. ${why}`
  return { origin, refusal: new KeywellError('origin_not_allowed', sentence, options) }
}

/** An operator's list of origins. @throws TypeError for one that no browser would send */
export function readAppOrigins(origins: readonly string[] | undefined): readonly string[] | null {
  if (origins === undefined) return null
  for (const origin of origins) {
    if (URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin)
      continue
    throw new TypeError(`"${origin}" is not an origin such as https://app.example`)
  }
  return [...origins]
}
