/**
 * What the catalogue says to users, in German. English stands in the definitions of the providers.
 *
 * A module of its own, so that a page in a browser gets these words without the catalogue. What a page does not carry
 * is in a file of its own, which a bundler leaves out as a whole.
 */
export { germanWords } from './all.ts'
export { germanKitWords } from './kit.ts'
export type { KeyFormWords, ProviderWords } from './words.ts'
