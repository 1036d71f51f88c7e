import type { CookieOptions } from 'hono/utils/cookie'

/** What binds a flow, or the page of an approval, to one browser. */
export interface BindingCookie {
  name: (id: string) => string
  prefix: 'host' | undefined
  options: CookieOptions
}

/**
 * One cookie per flow or approval. `__Host-` needs https. Development rule: where the public URL is plain http
 * on loopback, the cookie has neither prefix nor `Secure`, since browsers disagree on whether
 * loopback counts as secure. Any other plain-http address is refused at start.
 */
export function bindingCookie(publicUrl: string): BindingCookie {
  const https = new URL(publicUrl).protocol === 'https:'
  return {
    name: (id) => `keywell-${id}`,
    prefix: https ? 'host' : undefined,
    options: {
      path: '/',
      httpOnly: true,
      sameSite: 'Lax',
      secure: https,
      ...(https ? { prefix: 'host' } : {}),
    },
  }
}
