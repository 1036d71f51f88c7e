/** Longer texts of a provider are cut; a marked quotation is nobody's instruction. */
const longestQuote = 200

/** `: "…"`, in one line; empty where there is nothing to quote. */
export function quoted(text: string): string {
  const line = oneLine(text, longestQuote)
  return line === '' ? '' : `: "${line}"`
}

/** The beginning of a text, in one line, without marks that end a quotation. */
export function oneLine(text: string, longest: number): string {
  const line = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    .replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    // They change the direction of text, so that a person reads another one.
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replaceAll('"', "'")
    .trim()
  const characters = [...line]
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line
}
