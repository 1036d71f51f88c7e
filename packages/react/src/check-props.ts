// Bundlers replace it, as React expects of them; see react's own index.js.
declare const process: { env: { NODE_ENV?: string } }

/**
 * Throws a sentence with the fix, in development only.
 *
 * @param rules by what is wrong: whether it is, and what to write instead
 */
export function checkProps(
  component: string,
  rules: Record<string, [wrong: boolean, fix: string]>,
): void {
  if (process.env.NODE_ENV === 'production') return
  for (const [problem, [wrong, fix]] of Object.entries(rules)) {
    if (wrong) throw new TypeError(`Keywell: <${component}> ${problem}. ${fix}`)
  }
}
