import { RE2JS } from 're2js'

/** What is looked at of a text, in characters. */
const maxLength = 1_000

const compiled = new Map<string, RE2JS>()

/**
 * Whether a pattern of a definition is found in a text. RE2 takes time in proportion to the text, whatever the
 * pattern: a definition may come from a customer.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  return expressionOf(pattern).matcher(text.slice(0, maxLength)).find()
}

/** Whether the whole of a text matches it. A text that is longer than what is looked at does not. */
export function matchesWhole(text: string, pattern: string): boolean {
  return text.length <= maxLength && expressionOf(pattern).matches(text)
}

/** Whether RE2 takes it. */
export function isPattern(pattern: string): boolean {
  try {
    RE2JS.compile(pattern)
    return true
  } catch {
    return false
  }
}

function expressionOf(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  const expression = known ?? RE2JS.compile(pattern)
  if (known === undefined) compiled.set(pattern, expression)
  return expression
}
