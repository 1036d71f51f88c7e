import { html } from 'hono/html'
import type { LinkView, ProviderChoice, ScopeChoice } from '../../connect/link-view.ts'
import { linkPath } from '../../connect/links.ts'
import {
  type Html,
  inEnglish,
  instanceOf,
  type Look,
  loadScript,
  page,
  pairBrand,
  providerTile,
  providerWord,
} from './frame.ts'
import type { Names } from './texts/texts.ts'

/** The page of a link: who asks, for which account, and what is to be chosen. */
export function linkPage(look: Look, view: LinkView, ownHost: string): Html {
  const app = look.appearance.name ?? view.app ?? ownHost
  return view.choice === null
    ? providersPage(look, view, app)
    : choicePage(look, view, view.choice, app)
}

/** Where there are several providers, one is chosen first. Each is a link: nothing happens by following it. */
function providersPage(look: Look, view: LinkView, app: string): Html {
  const { link } = look.texts
  return page(look, {
    title: link.choose(app),
    body: html`<h1>${link.choose(app)}</h1>
      ${account(look, view, app)}
      <ul class="rows">
        ${view.providers.map(
          (provider) =>
            html`<li>
              <a class="row" href="${linkPath}/${view.text}?provider=${provider.name}"
                >${providerTile(provider)} ${provider.title}</a
              >
            </li>`,
        )}
      </ul>`,
  })
}

function choicePage(look: Look, view: LinkView, choice: ProviderChoice, app: string): Html {
  const { link } = look.texts
  const names = { app, provider: choice.provider.title }
  return page(look, {
    title: link.title(names),
    head: loadScript,
    brand: pairBrand(look.appearance, app, choice.provider),
    body: html`<h1>${link.heading(names)}</h1>
      ${account(look, view, app)}
      ${choice.account === null ? '' : html`<p>${link.reconnects(names, choice.account)}</p>`}
      ${problem(look, view, names)}
      <form method="post" action="${linkPath}/${view.text}">
        <input type="hidden" name="provider" value="${choice.provider.name}" />
        ${hostFields(look, view, choice)} ${methodFields(look, choice)}
        ${scopeFields(look, view, choice, app)}
        ${view.link.startedIn === null ? '' : html`<p class="caution">${link.endsWithCode(view.link.startedIn)}</p>`}
        <button class="wide">${link.submit(names.provider)}</button>
      </form>
      ${view.app === null ? '' : html`<p class="fine">${link.endsAt(view.app)}</p>`}`,
  })
}

/** T1: whom it is for comes first, since anybody can be sent a link. */
function account({ texts: { link } }: Look, view: LinkView, app: string) {
  return html`<p class="account">
      <small>${link.account(app)}</small> <strong><bdi>${view.link.accountLabel}</bdi></strong>
    </p>
    <p class="lead">${link.notYou}</p>`
}

function problem({ texts: { link } }: Look, { error, foundHost }: LinkView, names: Names) {
  const text =
    foundHost !== null
      ? link.foundHost(foundHost.status, names, instanceOf(foundHost.host))
      : error && (link.problems[error.code]?.(names) ?? link.problem)
  return text === null ? '' : html`<p class="error" role="alert" id="error">${text}</p>`
}

function hostFields(look: Look, view: LinkView, choice: ProviderChoice) {
  const { link } = look.texts
  const { hosts, host, provider, takesTypedHost } = choice
  const [only] = hosts.length === 1 ? hosts : []
  return html`<fieldset>
    <legend>${link.host(provider.title)}</legend>
    ${
      only === undefined
        ? html`<ul class="rows">${hosts.map((each) => hostRow(each, { isChosen: each === host, isRequired: !takesTypedHost }))}</ul>`
        : html`<span>${instanceOf(only)}</span><input type="hidden" name="host" value="${only}" />`
    }
    ${takesTypedHost ? typedHostField(look, view, choice) : ''}
  </fieldset>`
}

/** Behind a summary where there are addresses to choose from; else it is what has to be filled in. */
function typedHostField(look: Look, view: LinkView, choice: ProviderChoice) {
  const { link } = look.texts
  const { hosts, provider, place, typedHost } = choice
  const isRefused = typedHost !== '' && (view.foundHost ?? view.error) !== null
  const isOnly = hosts.length === 0
  const field = html`<div class="field">
    <label for="typed-host">${place === null ? link.typedHost(provider.title) : inEnglish(look.texts, place.title)}</label>
    <input
      id="typed-host"
      name="typed_host"
      ${place === null ? html`inputmode="url" autocomplete="url"` : html`autocomplete="off"`}
      autocapitalize="off"
      spellcheck="false"
      maxlength="2000"
      value="${typedHost}"
      ${isOnly ? html`required` : ''}
      aria-describedby="${isRefused ? 'error typed-host-hint' : 'typed-host-hint'}"
      ${isRefused ? html`aria-invalid="true" autofocus` : ''}
    />
    <p class="hint" id="typed-host-hint">${place?.example ? link.typedPlaceHint(instanceOf(place.example)) : link.typedHostHint}</p>
  </div>`
  return isOnly
    ? field
    : html`<details ${typedHost === '' ? '' : html`open`}>
        <summary>${link.otherHost(provider.title)}</summary>
        ${field}
      </details>`
}

function hostRow(
  host: string,
  { isChosen, isRequired }: { isChosen: boolean; isRequired: boolean },
) {
  return html`<li>
    <label class="row">
      <input
        type="radio"
        name="host"
        value="${host}"
        ${isRequired ? html`required` : ''}
        ${isChosen ? html`checked` : ''}
      />
      <span>${instanceOf(host)}</span>
    </label>
  </li>`
}

function methodFields(look: Look, { methods, method, provider, keyTitle }: ProviderChoice) {
  const { link, providers } = look.texts
  if (methods.length === 1) return html`<input type="hidden" name="method" value="${method}" />`
  const words = Object.hasOwn(providers, provider.name) ? providers[provider.name] : undefined
  const rows = {
    oauth: { title: link.oauth(provider.title), hint: link.oauthHint },
    key: { title: link.key(words?.keyTitle ?? keyTitle ?? ''), hint: link.keyHint },
    installation: { title: link.installation(provider.title), hint: link.installationHint },
  }
  return html`<fieldset>
    <legend>${link.method}</legend>
    <ul class="rows">
      ${methods.map(
        (each) =>
          html`<li>
            <label class="row">
              <input type="radio" name="method" value="${each}" required ${each === method ? html`checked` : ''} />
              <span><strong>${rows[each].title}</strong> <small>${rows[each].hint}</small></span>
            </label>
          </li>`,
      )}
    </ul>
  </fieldset>`
}

function scopeFields(look: Look, view: LinkView, choice: ProviderChoice, app: string) {
  const { texts } = look
  const { groups, scopes, provider } = choice
  if (scopes.length === 0) return ''
  return html`<fieldset id="scopes">
    <legend>${texts.link.scopes(app)}</legend>
    ${presetLinks(look, view, choice)}
    ${groups.map(
      (group) => html`
        ${groups.length === 1 ? '' : html`<h2 class="group">${providerWord(texts, provider.name, 'groups', { name: group.name, text: group.title })}</h2>`}
        <ul class="rows">
          ${scopes
            .filter((scope) => scope.group === group.name)
            .map((scope) => scopeRow(look, scope, provider.name))}
        </ul>
      `,
    )}
  </fieldset>`
}

/** Links, so that they work without the script: the page is shown again, with these scopes ticked. */
function presetLinks(
  { texts }: Look,
  view: LinkView,
  { presets, provider, scopes }: ProviderChoice,
) {
  if (presets.length < 2 || scopes.every(({ required }) => required)) return ''
  return html`<p class="hint" id="presets">${texts.link.presets}</p>
    <ul class="presets" aria-labelledby="presets">
      ${presets.map(
        ({ name, title, isChosen, ...preset }) =>
          html`<li>
            <a
              href="${linkPath}/${view.text}?provider=${provider.name}&preset=${name}#scopes"
              data-scopes="${preset.scopes.join(' ')}"
              ${isChosen ? html`aria-current="true"` : ''}
              >${providerWord(texts, provider.name, 'presets', { name, text: title })}</a
            >
          </li>`,
      )}
    </ul>`
}

function scopeRow({ texts }: Look, scope: ScopeChoice, provider: string) {
  const { name, sentence, risk, implies, required, isChosen } = scope
  const { link } = texts
  const isRisky = risk === 'high' || risk === 'critical'
  return html`<li>
    <label class="row">
      <input
        type="checkbox"
        name="scope"
        value="${name}"
        data-implies="${implies.join(' ')}"
        ${required ? html`data-fixed disabled` : ''}
        ${isChosen ? html`checked` : ''}
      />
      <span>
        <strong>${providerWord(texts, provider, 'scopes', { name, text: sentence })}</strong>
        <small>
          ${required ? html`<span class="tag">${link.required}</span>` : ''}
          <span class="tag" data-included hidden>${link.included}</span>
          ${isRisky ? html`<span class="tag" data-risk="${risk}">${link.risk[risk]}</span>` : ''}
          <code>${name}</code>
          ${implies.length === 0 ? '' : link.includes(implies.join(', '))}
        </small>
      </span>
    </label>
  </li>`
}
