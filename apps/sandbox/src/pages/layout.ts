import { html } from 'hono/html'
import type { HtmlEscapedString } from 'hono/utils/html'
import type { User } from '../store/state.ts'

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>

export interface PageOptions {
  title: string
  /** Relative root of the instance. */
  root: string
  user: User | undefined
  body: Html
}

/** The frame that every page has: header with mark and account, one column, a note on what this is. */
export function page({ title, root, user, body }: PageOptions): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · GitLab Sandbox</title>
    <link rel="stylesheet" href="${root}/assets/sandbox.css">
    <link rel="icon" href="${root}/assets/mark.svg" type="image/svg+xml">
  </head>
  <body>
    <header class="bar">
      <a class="brand" href="${root}/"><img src="${root}/assets/mark.svg" alt="" width="28" height="28">GitLab Sandbox</a>
      ${user === undefined ? signInLink(root) : account(root, user)}
    </header>
    <main>${body}</main>
    <footer class="foot">
      <p>A stand-in for development and tests. It is not GitLab, and nothing here is real.</p>
    </footer>
  </body>
</html>`
}

function signInLink(root: string): Html {
  return html`<nav aria-label="Account"><a href="${root}/users/sign_in">Sign in</a></nav>`
}

function account(root: string, user: User): Html {
  return html`<nav aria-label="Account">
        <a href="${root}/-/user_settings/applications">Applications</a>
        <form method="post" action="${root}/users/sign_out"><button class="link">Sign out ${user.username}</button></form>
      </nav>`
}

/** Initials on a disc: the picture of every user here. */
export function avatar(user: Pick<User, 'name'>): Html {
  const initials = user.name
    .split(' ')
    .map((word) => word.charAt(0))
    .join('')
    .slice(0, 2)
  return html`<span class="avatar" aria-hidden="true">${initials}</span>`
}
