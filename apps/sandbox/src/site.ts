import { Hono, type MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import { csrf } from 'hono/csrf'
import { needs } from './api/access.ts'
import { graphqlEndpoint } from './api/graphql.ts'
import { restApi } from './api/rest.ts'
import type { Endpoint } from './control/faults.ts'
import { faulty } from './faulty.ts'
import type { Env, Instance } from './instance.ts'
import {
  discoveryEndpoint,
  introspectEndpoint,
  keysEndpoint,
  tokenInfoEndpoint,
  userInfoEndpoint,
} from './oauth/inspect-endpoints.ts'
import { revokeEndpoint } from './oauth/revoke-endpoint.ts'
import { tokenEndpoint } from './oauth/token-endpoint.ts'
import { applicationsPage, revokeApplication } from './pages/applications.ts'
import { asset } from './pages/asset.ts'
import { authorizePage, decide } from './pages/consent.ts'
import { homePage } from './pages/home.ts'
import { notFoundPage } from './pages/not-found.ts'
import { pageHeaders } from './pages/security.ts'
import { withUser } from './pages/session.ts'
import { signIn, signInPage, signOut } from './pages/sign-in.ts'

const maxBodyBytes = 1_048_576

/** Everything that the sandbox serves to clients and browsers, below its relative root. */
export function site(instance: Instance): Hono<Env> {
  const { root } = instance
  const whole = new Hono<Env>()
    .use(bodyLimit({ maxSize: maxBodyBytes }))
    .route(root === '' ? '/' : root, endpoints(instance))
    .route(root === '' ? '/' : root, pages(instance))
  if (root !== '') whole.get(root, (c) => c.redirect(`${root}/`))
  return whole.notFound((c) => notFoundPage(c, instance))
}

/** What programs call. Faults are injected here, around the work and its saving. */
function endpoints(instance: Instance): Hono<Env> {
  const at = (endpoint: Endpoint): [MiddlewareHandler<Env>, MiddlewareHandler<Env>] => [
    faulty(instance, endpoint),
    saving(instance),
  ]
  const fromBrowsers = cors({ origin: '*', allowHeaders: ['Authorization'] })
  return new Hono<Env>()
    .use('/oauth/token', fromBrowsers)
    .use('/oauth/revoke', fromBrowsers)
    .use('/oauth/userinfo', fromBrowsers)
    .post('/oauth/token', ...at('token'), (c) => tokenEndpoint(c, instance))
    .post('/oauth/revoke', ...at('revoke'), (c) => revokeEndpoint(c, instance))
    .post('/oauth/introspect', ...at('introspect'), (c) => introspectEndpoint(c, instance))
    .get('/oauth/token/info', ...at('token_info'), (c) => tokenInfoEndpoint(c, instance))
    .on(['GET', 'POST'], '/oauth/userinfo', ...at('userinfo'), (c) => userInfoEndpoint(c, instance))
    .get('/oauth/discovery/keys', saving(instance), (c) => keysEndpoint(c, instance))
    .get('/.well-known/openid-configuration', (c) => discoveryEndpoint(c, instance))
    .use('/api/v4/*', ...at('rest'))
    .route('/api/v4', restApi(instance))
    .post('/api/graphql', ...at('rest'), needs(instance, 'api', 'read_api'), (c) =>
      graphqlEndpoint(c, instance),
    )
}

/** What people see. */
function pages(instance: Instance): Hono<Env> {
  return new Hono<Env>()
    .get('/assets/sandbox.css', (c) => asset(c, 'sandbox.css', 'text/css'))
    .get('/assets/mark.svg', (c) => asset(c, 'mark.svg', 'image/svg+xml'))
    .use(pageHeaders(instance), csrf({ origin: (origin) => isOwn(instance, origin) }))
    .use(saving(instance), withUser(instance))
    .get('/', (c) => homePage(c, instance))
    .get('/users/sign_in', (c) => signInPage(c, instance))
    .post('/users/sign_in', (c) => signIn(c, instance))
    .post('/users/sign_out', (c) => signOut(c, instance))
    .get('/oauth/authorize', faulty(instance, 'authorize'), (c) => authorizePage(c, instance))
    .post('/oauth/authorize', (c) => decide(c, instance))
    .get('/-/user_settings/applications', (c) => applicationsPage(c, instance))
    .post('/-/user_settings/applications/:clientId/revoke', (c) => revokeApplication(c, instance))
}

/** Writes what has changed before the answer leaves. */
export function saving({ store }: Instance): MiddlewareHandler<Env> {
  return async (_, next) => {
    await next()
    store.save()
  }
}

function isOwn({ url }: Instance, origin: string): boolean {
  return origin === new URL(url()).origin
}
