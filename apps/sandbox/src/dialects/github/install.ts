// https://docs.github.com/en/apps/using-github-apps/installing-a-github-app-from-a-third-party
// https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/about-the-setup-url
import type { Context } from 'hono'
import type { Env } from '../../instance.ts'
import { readForm } from '../../oauth/form.ts'
import { signedInAs } from '../core/accounts.ts'
import { consentPage, messagePage, problemPage } from '../core/pages.ts'
import { withQuery } from '../core/visit.ts'
import type { GitHubApp, Installation, State } from './state.ts'

const provider = 'GitHub'

export function installPage(c: Context<Env>, state: State): Response | Promise<Response> {
  const app = appOf(c, state)
  if (app === undefined) return noApp(c)
  const username = signedInAs(c, state)
  const target = app.authorizesOnInstall ? app.redirectUris[0] : app.setupUrl
  return consentPage(c, {
    provider,
    title: `Install ${app.name}`,
    account: username,
    permissions: Object.entries(app.permissions).map(([name, level]) => `${name}: ${level}`),
    action: `/apps/${app.slug}/installations/new`,
    fields: { state: c.req.query('state') },
    choice: { label: 'On', name: 'account', options: state.accountsOf(username) },
    approve: 'Install',
    target: target ?? undefined,
  })
}

export async function decideInstall(c: Context<Env>, state: State): Promise<Response> {
  const app = appOf(c, state)
  if (app === undefined) return await noApp(c)
  const form = await readForm(c)
  const username = signedInAs(c, state)
  const account = form.account ?? username
  if (form.decision !== 'approve' || !state.accountsOf(username).includes(account)) {
    return await messagePage(c, { provider, title: app.name, text: 'The app was not installed.' })
  }
  const { id } = install(state, app, account)
  const back = { installation_id: `${id}`, setup_action: 'install', state: form.state }
  const [redirectUri] = app.redirectUris
  if (app.authorizesOnInstall && redirectUri !== undefined) {
    const { clientId } = app
    const code = state.codes.issue({ clientId, username, scopes: [], redirectUri, challenge: null })
    return c.redirect(withQuery(redirectUri, { code, ...back }))
  }
  if (app.setupUrl !== null) return c.redirect(withQuery(app.setupUrl, back))
  return await messagePage(c, { provider, title: app.name, text: 'The app is installed.' })
}

/** An app is installed once on an account: again is a change of the same installation. */
export function install(state: State, app: GitHubApp, account: string): Installation {
  const same = [...state.installations.values()].find(
    (each) => each.appId === app.appId && each.account === account,
  )
  if (same !== undefined) return same
  const { appId, permissions } = app
  const installation = { id: state.nextId(), appId, account, permissions, suspendedAt: null }
  state.installations.set(installation.id, installation)
  return installation
}

function appOf(c: Context<Env>, state: State): GitHubApp | undefined {
  return state.gitHubApp(({ slug }) => slug === c.req.param('slug'))
}

function noApp(c: Context<Env>): Response | Promise<Response> {
  const text = 'This is not the page you are looking for.'
  return problemPage(c, { provider, title: '404', text }, 404)
}
