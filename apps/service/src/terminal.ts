/**
 * Names and ids in the database were written by others, or put there by hand. A terminal shows them and does
 * not obey them: control characters, and marks that turn the direction of a line, are written as `\u001b`.
 * Line ends and tabs are the command's own.
 */
const obeyed = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Zl}\p{Zp}]/gu
const own: ReadonlySet<string> = new Set(['\n', '\t'])

export interface Out {
  write(text: string): unknown
}

/** What a command prints, fit for a terminal. */
export function printable(out: Out): Out {
  return {
    write: (text) => out.write(text.replace(obeyed, (one) => (own.has(one) ? one : escaped(one)))),
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
