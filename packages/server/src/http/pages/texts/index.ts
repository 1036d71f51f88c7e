import { english } from './english.ts'
import { german } from './german.ts'
import type { Texts } from './texts.ts'

const languages: readonly Texts[] = [english, german]

/** The language that a browser prefers of those that there are (RFC 9110 section 12.5.4). Default: English. */
export function textsFor(acceptLanguage: string | undefined): Texts {
  let best = { texts: english, quality: 0 }
  for (const part of (acceptLanguage ?? '').slice(0, 500).split(',')) {
    const [range = '', ...parameters] = part.trim().toLowerCase().split(';')
    const weight = parameters.find((each) => each.trim().startsWith('q='))
    const quality = weight === undefined ? 1 : Number(weight.trim().slice(2))
    const texts = languages.find(({ lang }) => range === lang || range.startsWith(`${lang}-`))
    if (texts !== undefined && quality > best.quality) best = { texts, quality }
  }
  return best.texts
}
