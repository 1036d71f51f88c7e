import type { Approval } from '@keywell/protocol'
import { html } from 'hono/html'
import { approvalPath } from '../../tools/approval-links.ts'
import type { ApprovalView } from '../../tools/approval-view.ts'
import {
  type Html,
  inEnglish,
  instanceOf,
  type Look,
  loadScript,
  page,
  pairBrand,
} from './frame.ts'

/** A call that waits for a person: what it would do, who asks, and the decision; later, what became of it. */
export function approvalPage(look: Look, view: ApprovalView, ownHost: string): Html {
  const { approval: texts } = look.texts
  const { state, id } = view.approval
  const isPending = state === 'pending'
  const heading = isPending ? texts.heading : endOf(look, view).heading
  const app = look.appearance.name ?? ownHost
  return page(look, {
    title: heading,
    head: loadScript,
    ...(view.connection !== null && {
      brand: pairBrand(look.appearance, app, view.connection.provider),
    }),
    body: html`<h1>${heading}</h1>
      ${isPending ? '' : html`<p>${endOf(look, view).text} ${texts.close}</p>`}
      <p class="account">
        <strong>${inEnglish(look.texts, view.approval.title)}</strong>
        <small lang="en"><bdi>${view.approval.summary}</bdi></small>
      </p>
      ${isPending ? decision(look, view) : facts(look, view)}
      ${mayChange(state) ? html`<p class="fine" role="status" data-waiting="${state}">${texts.live} <a href="${approvalPath}/${id}">${texts.look}</a></p>` : ''}`,
  })
}

/** To a browser that the app has not sent: it learns nothing of the call. */
export function unboundApprovalPage(look: Look, appPage: URL | undefined, ownHost: string): Html {
  const { notBound } = look.texts.approval
  const app = look.appearance.name ?? appPage?.host ?? ownHost
  return page(look, {
    title: notBound.heading,
    body: html`<h1>${notBound.heading}</h1>
      <p>${notBound.text(app)}</p>
      ${appPage === undefined ? '' : html`<p><a href="${appPage.href}">${notBound.goOn(appPage.host)}</a></p>`}`,
  })
}

/** What is approved can still be used. */
function mayChange(state: Approval['state']): boolean {
  return state === 'pending' || state === 'approved'
}

function endOf({ texts }: Look, { approval, personId }: ApprovalView) {
  const { state, decidedBy } = approval
  const { byPerson, byOther, text } = texts.approval.ended[state === 'pending' ? 'expired' : state]
  return { heading: decidedBy === personId ? byPerson : byOther, text }
}

/** No button has the focus: Enter on a page that has just opened decides nothing. */
function decision(look: Look, view: ApprovalView) {
  const { approval: texts } = look.texts
  const { effect, secondsLeft } = view
  const minutes = Math.ceil(secondsLeft / 60)
  return html`${effect === 'destroy' ? html`<p class="caution">${texts.destroys}</p>` : ''}
    <h2>${texts.request}</h2>
    <pre>${view.request}${bodyOf(view)}</pre>
    ${argumentList(look, view)} ${facts(look, view)}
    <p>${texts.onlyExpected}</p>
    <p>${texts.minutesLeft} <strong data-seconds-left="${secondsLeft}">${minutes}</strong></p>
    <form method="post" action="${approvalPath}/${view.approval.id}">
      <p class="acts">
        <button name="decision" value="approve">${texts.approve}</button>
        <button name="decision" value="deny" data-second>${texts.refuse}</button>
      </p>
    </form>`
}

function bodyOf({ approval: { request } }: ApprovalView): string {
  return request.body === undefined ? '' : `\n${JSON.stringify(request.body, null, 2)}`
}

function argumentList({ texts }: Look, { approval }: ApprovalView) {
  const given = Object.entries(approval.arguments)
  if (given.length === 0) return ''
  return html`<h2>${texts.approval.arguments}</h2>
    <dl>
      ${given.map(
        ([name, value]) => html`<dt><code>${name}</code></dt>
        <dd><bdi>${value}</bdi></dd>`,
      )}
    </dl>`
}

function facts(look: Look, view: ApprovalView) {
  const { approval: texts } = look.texts
  const { approval, asker, connection, personId } = view
  const { mcpTokenId, keyName } = asker
  return html`<h2>${texts.who}</h2>
    <dl>
      ${fact(texts.agent, asker.agent ?? texts.noAgent)}
      ${mcpTokenId === null ? '' : fact(texts.mcpToken, mcpTokenId)}
      ${fact(texts.key, keyName ?? texts.noKey)} ${fact(texts.account, accountOf(look, connection))}
      ${connection === null ? '' : fact(texts.connection, connection.name)}
      ${fact(texts.user, approval.userId ?? texts.ofTenant)} ${fact(texts.person, personId)}
    </dl>`
}

function accountOf({ texts }: Look, connection: ApprovalView['connection']): string {
  if (connection === null) return texts.approval.disconnected
  const { account, provider, host } = connection
  const known = account.username ?? account.name ?? account.id
  return texts.approval.accountAt(known, provider.title, instanceOf(host))
}

function fact(name: string, value: string) {
  return html`<dt>${name}</dt>
    <dd><bdi>${value}</bdi></dd>`
}
