import type { MiddlewareHandler } from 'hono'
import type { Env, Instance } from '../instance.ts'

/** Headers of every page. */
export function pageHeaders({ settings }: Instance): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next()
    c.header('Content-Security-Policy', contentSecurityPolicy(c.get('formTarget')))
    c.header('X-Frame-Options', 'DENY')
    c.header('X-Content-Type-Options', 'nosniff')
    // Not no-referrer: with that, browsers post forms with the origin "null".
    c.header('Referrer-Policy', 'same-origin')
    c.header('Cache-Control', 'no-store')
    if (settings.openerPolicy !== null) {
      c.header('Cross-Origin-Opener-Policy', settings.openerPolicy)
    }
  }
}

/**
 * Browsers hold `form-action` against every redirect that follows a form, and a client's callback
 * may redirect to other hosts. So the redirect's scheme is allowed, as at GitLab.
 */
export function contentSecurityPolicy(formTarget: string | undefined): string {
  const scheme = formTarget !== undefined && URL.canParse(formTarget)
  const formAction = scheme ? `'self' ${new URL(formTarget).protocol}` : `'self'`
  return `default-src 'none'; style-src 'self'; img-src 'self'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`
}
