import { html } from 'hono/html'
import { type DeviceFormView, deviceFormPath } from '../../connect/device-form-view.ts'
import { type Html, type Look, loadScript, page } from './frame.ts'

/**
 * The page of a device code: what to type at the provider, and then whose account it is. It waits with the script, and
 * is looked at again by a link without it.
 */
export function devicePage(look: Look, view: DeviceFormView): Html {
  const { device } = look.texts
  const { provider, step } = view
  const names = { app: look.appearance.name ?? view.app ?? '', provider: provider.title }
  if (step.kind === 'account') return accountPage(look, view, { ...names, ...step })
  const heading = device.heading(names)
  return page(look, {
    title: heading,
    head: loadScript,
    body: html`<h1>${heading}</h1>
      ${step.kind === 'code' ? codeSteps(look, names.provider, step) : html`<p>${device.approved}</p>`}
      <p class="fine" role="status" data-waiting>${device.waiting} <a href="">${device.look}</a></p>
      ${cancelForm(look, view)}`,
  })
}

function codeSteps(
  { texts: { device } }: Look,
  provider: string,
  { userCode, page: at }: { userCode: string; page: URL },
) {
  return html`<ol>
      <li>
        <a href="${at.href}" target="_blank" rel="noopener noreferrer">${device.open(at.host)}</a>
        ${device.newTab}
      </li>
      <li>${device.type(provider)}</li>
    </ol>
    <p class="code" id="code" role="group" aria-label="${device.code}">${userCode}</p>
    <p class="acts"><button type="button" data-copy="${userCode}" data-copied="${device.copied}" hidden>${device.copy}</button></p>
    <p class="caution">${device.warning(provider)}</p>`
}

/** A code can be approved by anybody, so that its person says that this is who it was. */
function accountPage(
  look: Look,
  view: DeviceFormView,
  {
    account,
    ...names
  }: { app: string; provider: string } & Extract<DeviceFormView['step'], { kind: 'account' }>,
): Html {
  const { device } = look.texts
  const heading = device.isYours(names)
  const { username, name, id } = account
  return page(look, {
    title: heading,
    body: html`<h1>${heading}</h1>
      <p class="account"><strong>${name ?? username ?? id}</strong>${username === null || name === null ? '' : html` <small>${username}</small>`}</p>
      <p class="caution">${device.onlyYours(names)}</p>
      <form method="post" action="${deviceFormPath}">
        <input type="hidden" name="state" value="${view.state}" />
        <input type="hidden" name="account" value="${id}" />
        <p class="acts">
          <button autofocus>${device.connect}</button>
          <button name="cancel" value="yes">${device.notMine}</button>
        </p>
      </form>`,
  })
}

function cancelForm({ texts: { device } }: Look, { state }: DeviceFormView) {
  return html`<form method="post" action="${deviceFormPath}">
    <input type="hidden" name="state" value="${state}" />
    <p class="acts"><button name="cancel" value="yes">${device.cancel}</button></p>
  </form>`
}
