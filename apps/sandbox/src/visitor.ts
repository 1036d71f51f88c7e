import { readForm, readProblem } from './page-form.ts'

/** A person with a browser but without a screen: signs in and answers consent pages by plain HTTP. */
export interface SandboxVisitor {
  /**
   * Opens an authorisation URL, signs in if asked, answers the consent page if it is shown, and
   * returns the address that the browser is sent to, with `code` or `error`. Throws with the page's
   * text if the request cannot be authorized.
   */
  authorize(url: string | URL, decision?: 'authorize' | 'deny'): Promise<URL>
  /** Whether the last `authorize` was shown a consent page. */
  readonly sawConsent: boolean
}

/** Redirects that stay on the sandbox are followed this often. */
const maxSteps = 10

export function sandboxVisitor(credentials: {
  username: string
  password: string
}): SandboxVisitor {
  let cookie = ''
  let sawConsent = false

  const request = async (url: URL, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie, ...(form === undefined ? {} : { origin: url.origin }) },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    const [set] = response.headers.getSetCookie()
    if (set !== undefined) cookie = set.split(';')[0] ?? ''
    return response
  }

  return {
    get sawConsent() {
      return sawConsent
    },
    async authorize(start, decision = 'authorize') {
      sawConsent = false
      let here = new URL(start)
      const { origin } = here
      let response = await request(here)
      for (let step = 0; step < maxSteps; step += 1) {
        const location = response.headers.get('location')
        if (location !== null) {
          here = new URL(location, here)
          if (here.origin !== origin) return here
          response = await request(here)
          continue
        }
        const page = await response.text()
        const form = readForm(page)
        if (form === undefined || !response.ok) throw new Error(readProblem(page))
        const consent = form.action.endsWith('/oauth/authorize')
        sawConsent ||= consent
        const answer = consent ? { decision } : credentials
        here = new URL(form.action, here)
        response = await request(here, { ...form.fields, ...answer })
      }
      throw new Error(`still at ${here.href} after ${maxSteps} steps`)
    },
  }
}
