import { randomBytes } from 'node:crypto'
import type { Context, Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { html } from 'hono/html'
import type { Env } from '../../instance.ts'
import { readForm, readQuery } from '../../oauth/form.ts'
import { avatar, type Html } from '../../pages/layout.ts'
import { sandboxPassword } from '../../store/seed.ts'
import { show } from './pages.ts'
import type { Wire } from './wire.ts'

/** Somebody who may sign in. */
export interface Account {
  /** What is typed to sign in. */
  username: string
  name: string
}

export interface AccountPages {
  /** `GitHub`. */
  provider: string
  accounts: readonly Account[]
  /** Paths of pages that are for somebody who is signed in. */
  paths: readonly string[]
}

const signInPath = '/sign_in'

/** Who is signed in: in this browser, or in the one browser that a test has. */
export function signedInAs(c: Context<Env>, { signedIn }: { signedIn: string }): string {
  return c.get('username') ?? signedIn
}

/**
 * Signs people in, at a stand-in that is for people with browsers: the paths ask for it. At one of a test somebody is
 * signed in already.
 */
export function addAccounts(app: Hono<Env>, wire: Wire<string>, pages: AccountPages): void {
  const ownForms = csrf({ origin: (origin, c) => origin === new URL(c.req.url).origin })
  app.use(async (c, next) => {
    const username = wire.sessions.get(getCookie(c, cookieName(c)) ?? '')
    if (wire.isSite) c.set('username', username)
    await next()
  })
  for (const path of pages.paths) {
    app.use(path, async (c, next) => {
      if (!wire.isSite) return await next()
      if (c.get('username') === undefined) return askToSignIn(c)
      return await ownForms(c, next)
    })
  }
  app.get(signInPath, (c) => render(c, pages, { returnTo: safeReturn(readQuery(c).return_to) }))
  app.post(signInPath, ownForms, (c) => signIn(c, wire, pages))
  app.post('/sign_out', ownForms, (c) => {
    wire.sessions.delete(deleteCookie(c, cookieName(c)) ?? '')
    return c.redirect('/')
  })
}

async function signIn(
  c: Context<Env>,
  { sessions }: Wire<string>,
  pages: AccountPages,
): Promise<Response> {
  const form = await readForm(c)
  const returnTo = safeReturn(form.return_to)
  const username = (form.username ?? '').trim()
  const isRight =
    pages.accounts.some((account) => account.username === username) &&
    form.password === sandboxPassword
  if (!isRight) {
    c.status(422)
    const problem = 'That username and password do not belong together.'
    return await render(c, pages, { returnTo, username, problem })
  }
  // Always a new session, never one that the browser had before.
  const id = randomBytes(32).toString('hex')
  sessions.set(id, username)
  setCookie(c, cookieName(c), id, { httpOnly: true, sameSite: 'Lax', path: '/' })
  return c.redirect(returnTo)
}

/** Cookies know no ports: the name keeps the stand-ins of one machine apart. */
function cookieName(c: Context): string {
  return `stand_in_session_${new URL(c.req.url).port}`
}

function askToSignIn(c: Context): Response {
  const { pathname, search } = new URL(c.req.url)
  return c.redirect(`${signInPath}?return_to=${encodeURIComponent(pathname + search)}`)
}

/** Only places of our own: anything else leads to the home page. */
function safeReturn(returnTo: string | undefined): string {
  const origin = 'http://stand-in.example'
  if (!returnTo?.startsWith('/') || !URL.canParse(returnTo, origin)) return '/'
  const target = new URL(returnTo, origin)
  return target.origin === origin ? target.pathname + target.search : '/'
}

interface SignInView {
  returnTo: string
  username?: string
  problem?: string
}

function render(
  c: Context<Env>,
  { provider, accounts }: AccountPages,
  { returnTo, username = '', problem }: SignInView,
): Response | Promise<Response> {
  const described =
    problem === undefined ? '' : html` aria-describedby="problem" aria-invalid="true"`
  const body = html`
      <div class="card narrow">
        <h1>Sign in</h1>
        ${problem === undefined ? '' : html`<p class="problem" id="problem" role="alert">${problem}</p>`}
        <form method="post" action="${signInPath}">
          <input type="hidden" name="return_to" value="${returnTo}">
          <div class="field">
            <label for="username">Username</label>
            <input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus${described}>
          </div>
          <div class="field">
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required${described}>
          </div>
          <button class="primary wide">Sign in</button>
        </form>
      </div>
      <aside class="note narrow" aria-labelledby="ready-made">
        <h2 id="ready-made">This stands in for ${provider}</h2>
        <p>Use one of these made-up people:</p>
        <ul class="people">${accounts.map(credentials)}</ul>
      </aside>`
  // A form that leads to a consent that is skipped is sent on to the client.
  const target = new URL(returnTo, 'http://stand-in.example').searchParams.get('redirect_uri')
  const title = problem === undefined ? 'Sign in' : 'Could not sign in'
  return show(c, { provider, title, body, target: target ?? undefined })
}

function credentials(account: Account): Html {
  return html`
          <li>${avatar(account)}<span><strong>${account.name}</strong><br>
            username <code>${account.username}</code>, password <code>${sandboxPassword}</code></span></li>`
}
