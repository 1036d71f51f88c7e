/**
 * Throws a sentence with the fix. Called in development only.
 *
 * @param rules by what is wrong: whether it is, and what to write instead
 */
export function checkProps(
  component: string,
  rules: Record<string, [wrong: boolean, fix: string]>,
): void {
  for (const [problem, [wrong, fix]] of Object.entries(rules)) {
    if (wrong) throw new TypeError(`Keywell: <${component}> ${problem}. ${fix}`)
  }
}
