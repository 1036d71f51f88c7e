/** How the gallery is shown, by the parameters of its address. */
export interface View {
  readonly theme: 'light' | 'dark' | 'system'
  readonly dir: 'ltr' | 'rtl'
  readonly lang: 'en' | 'de'
  /** Id of the only section to show. */
  readonly section: string | undefined
}

export const choices = {
  theme: ['system', 'light', 'dark'],
  dir: ['ltr', 'rtl'],
  lang: ['en', 'de'],
} as const

export function readView(search: string): View {
  const given = new URLSearchParams(search)
  return {
    theme: oneOf(choices.theme, given.get('theme')),
    dir: oneOf(choices.dir, given.get('dir')),
    lang: oneOf(choices.lang, given.get('lang')),
    section: given.get('section') ?? undefined,
  }
}

/** The address of the gallery with something changed. */
export function addressOf(view: View, change: Partial<View>): string {
  const { section, ...shown } = { ...view, ...change }
  const parameters = new URLSearchParams(shown)
  if (section !== undefined) parameters.set('section', section)
  return `?${parameters}`
}

/** The first one is the default. */
function oneOf<Value extends string>(
  values: readonly [Value, ...Value[]],
  given: string | null,
): Value {
  return values.find((value) => value === given) ?? values[0]
}
