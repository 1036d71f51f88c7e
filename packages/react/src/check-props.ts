/**
 * Throws an error that says what is wrong and how to fix it. Called in development only.
 *
 * @param rules by the problem: whether it is there, and the fix
 */
export function checkProps(
  component: string,
  rules: Record<string, [wrong: boolean, fix: string]>,
): void {
  for (const [problem, [wrong, fix]] of Object.entries(rules)) {
    if (wrong) throw new TypeError(`Keywell: <${component}> ${problem}. ${fix}`)
  }
}

/** Whether it may be the name of a provider in the catalogue. */
export function isProviderName(name: unknown): boolean {
  return typeof name === 'string' && /^[a-z][a-z0-9_-]{0,39}$/.test(name)
}

export const howToName = 'Write its name in the catalogue: provider="gitlab".'

/** The rule for the prop that names a provider. */
export function needsProvider(provider: unknown): Record<string, [wrong: boolean, fix: string]> {
  return { 'needs a provider': [!isProviderName(provider), howToName] }
}
