import type { Context } from 'hono'
import { html } from 'hono/html'
import type { Env, Instance } from '../instance.ts'
import { readForm, readQuery } from '../oauth/form.ts'
import type { User } from '../store/state.ts'
import { avatar, type Html, page } from './layout.ts'
import { endSession, startSession } from './session.ts'

/** `GET /users/sign_in`. */
export function signInPage(c: Context<Env>, instance: Instance): Response | Promise<Response> {
  const returnTo = safeReturn(instance, readQuery(c).return_to)
  return render(c, instance, { returnTo, username: '', problem: undefined })
}

/** `POST /users/sign_in`. */
export async function signIn(c: Context<Env>, instance: Instance): Promise<Response> {
  const form = await readForm(c)
  const returnTo = safeReturn(instance, form.return_to)
  const username = (form.username ?? '').trim()
  const user = instance.store.userByName(username)
  if (user === undefined || user.password !== form.password) {
    const problem = 'That username and password do not belong together.'
    return render(c, instance, { returnTo, username, problem })
  }
  if (user.blocked) {
    return render(c, instance, { returnTo, username, problem: 'This account has been blocked.' })
  }
  startSession(c, instance, user)
  return c.redirect(returnTo)
}

/** `POST /users/sign_out`. */
export function signOut(c: Context<Env>, instance: Instance): Response {
  endSession(c, instance)
  return c.redirect(`${instance.root}/`)
}

/** Sends the browser to sign in, and back to where it was. */
export function askToSignIn(c: Context<Env>, { root }: Instance): Response {
  const { pathname, search } = new URL(c.req.url)
  return c.redirect(`${root}/users/sign_in?return_to=${encodeURIComponent(pathname + search)}`)
}

/** Only places of our own: anything else leads to the home page. */
function safeReturn({ root, url }: Instance, returnTo: string | undefined): string {
  const home = `${root}/`
  if (!returnTo?.startsWith('/') || !URL.canParse(returnTo, url())) return home
  const target = new URL(returnTo, url())
  const inside = target.origin === new URL(url()).origin && target.pathname.startsWith(home)
  return inside ? target.pathname + target.search : home
}

interface SignInView {
  returnTo: string
  username: string
  problem: string | undefined
}

function render(
  c: Context<Env>,
  instance: Instance,
  view: SignInView,
): Response | Promise<Response> {
  const { root, store } = instance
  c.set('formTarget', new URL(view.returnTo, instance.url()).searchParams.get('redirect_uri') ?? '')
  const title = view.problem === undefined ? 'Sign in' : 'Could not sign in'
  const body = signInForm(root, view, [...store.users.values()])
  return c.html(
    page({ title, root, user: c.get('user'), body }),
    view.problem === undefined ? 200 : 422,
  )
}

function signInForm(root: string, view: SignInView, users: readonly User[]): Html {
  const described =
    view.problem === undefined ? '' : html` aria-describedby="problem" aria-invalid="true"`
  return html`
      <div class="card narrow">
        <h1>Sign in</h1>
        ${view.problem === undefined ? '' : html`<p class="problem" id="problem" role="alert">${view.problem}</p>`}
        <form method="post" action="${root}/users/sign_in">
          <input type="hidden" name="return_to" value="${view.returnTo}">
          <div class="field">
            <label for="username">Username</label>
            <input id="username" name="username" value="${view.username}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus${described}>
          </div>
          <div class="field">
            <label for="password">Password</label>
            <input id="password" name="password" type="password" autocomplete="current-password" required${described}>
          </div>
          <button class="primary wide">Sign in</button>
        </form>
      </div>
      <aside class="note narrow" aria-labelledby="ready-made">
        <h2 id="ready-made">This is a sandbox</h2>
        <p>Use one of these made-up people:</p>
        <ul class="people">${users.map(credentials)}</ul>
      </aside>`
}

function credentials(user: User): Html {
  return html`
          <li>${avatar(user)}<span><strong>${user.name}</strong>${user.blocked ? ' (blocked)' : ''}<br>
            username <code>${user.username}</code>, password <code>${user.password}</code></span></li>`
}
