import { randomInt } from 'node:crypto'

export const hexadecimal = '0123456789abcdef'
const alphanumeric = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Consonants, of which no word can be made by chance: what people type. */
export const consonants = 'BCDFGHJKLMNPQRSTVWXZ'

/** A text of so many random characters, of these. */
export function randomText(length: number, alphabet: string = alphanumeric): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}
