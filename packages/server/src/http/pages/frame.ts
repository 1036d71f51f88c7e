import type { ProviderBrand } from '@keywell/protocol'
import { html, raw } from 'hono/html'
import type { Appearance } from './appearance.ts'
import type { Texts } from './texts/texts.ts'

export type Html = ReturnType<typeof html>

/** What every page is made with. */
export interface Look {
  texts: Texts
  appearance: Appearance
}

/**
 * What differs from the headers of every answer: the page may post its form here, and says to this service that it
 * did. Without a referrer policy that allows it, browsers send `Origin: null`.
 */
export const formHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'referrer-policy': 'same-origin',
  vary: 'Accept-Language',
}

/** The same for a page with the script. */
export const scriptHeaders: Readonly<Record<string, string>> = {
  ...formHeaders,
  'content-security-policy':
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
}

/** Loads the script. Not a tagged template: some compilers put a helper of theirs around one that ends a script. */
export const loadScript: unknown = raw('<script src="/connect/page.js" defer></script>')

/** A page of the service. */
export function page(
  { texts, appearance }: Look,
  { title, body, brand, head }: { title: string; body: unknown; brand?: unknown; head?: unknown },
): Html {
  return html`<!doctype html>
    <html lang="${texts.lang}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${head ?? ''}
        <title>${title}</title>
        <link rel="stylesheet" href="/connect/style.css" />
      </head>
      <body>
        <main>
          ${brand ?? appBrand(appearance)} ${body}
        </main>
      </body>
    </html>`
}

/** The app's logo and name; nothing where neither is set. */
function appBrand({ name, logo }: Appearance): unknown {
  if (name === undefined) return ''
  return html`<div class="brand">
    ${logo === undefined ? '' : html`<span class="tile"><img src="/connect/logo" alt="" /></span>`}
    <span>${name}</span>
  </div>`
}

/** Both sides of a connection. The heading below names them. */
export function pairBrand({ logo }: Appearance, app: string, provider: ProviderBrand): Html {
  return html`<div class="brand" aria-hidden="true">
    <span class="tile">${logo === undefined ? monogram(app) : html`<img src="/connect/logo" alt="" />`}</span>
    <span class="between">•••</span>
    ${providerTile(provider)}
  </div>`
}

/** The provider's mark, else its first letter. */
export function providerTile({ title, mark }: ProviderBrand): Html {
  const shown =
    mark === null
      ? monogram(title)
      : html`<svg viewBox="0 0 24 24" focusable="false"><path fill="${mark.color ?? 'currentColor'}" d="${mark.path}" /></svg>`
  return html`<span class="tile" aria-hidden="true">${shown}</span>`
}

function monogram(text: string): string {
  return [...text.trim()][0]?.toUpperCase() ?? ''
}

/** Words that stand in English on a page of another language. */
export function inEnglish({ lang }: Texts, text: string): unknown {
  return lang === 'en' ? text : html`<span lang="en">${text}</span>`
}

/** Words of a provider's definition in the page's language, else as it has them. */
export function providerWord(
  texts: Texts,
  provider: string,
  kind: 'scopes' | 'groups' | 'presets',
  { name, text }: { name: string; text: string },
): unknown {
  const words = Object.hasOwn(texts.providers, provider) ? texts.providers[provider] : undefined
  const translated = words && Object.hasOwn(words[kind], name) ? words[kind][name] : undefined
  const title = typeof translated === 'object' ? translated.title : translated
  return title ?? inEnglish(texts, text)
}

/** Host and relative root, without the scheme. */
export function instanceOf(host: string): string {
  return host.replace(/^https?:\/\//, '')
}
