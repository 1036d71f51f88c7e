import { mapValues, own } from '../own.ts'

export type Texts<Key extends string> = Readonly<Record<Key, string>>

/**
 * The texts of one component: its English, with the app's own in place, in groups too. Each component merges its
 * own, so that a page downloads the English of those that it shows and no other.
 */
export function mergeTexts<English extends object>(english: English, own: object): English {
  const given: Partial<Record<string, object | string>> = { ...own }
  return mapValues(english, (text, key) =>
    typeof text === 'string' ? (given[key] ?? text) : { ...Object(text), ...Object(given[key]) },
  )
}

/** Puts values in the place of their names: `{provider}`. A name without a value stays. */
export function fill(sentence: string, values: Readonly<Record<string, string>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, key) => own(values, key) ?? name)
}
