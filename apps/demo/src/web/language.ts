import type { MessagesOverride } from '@keywell/react'
import { type Context, createContext, useContext, useEffect, useState } from 'react'

export type Language = 'en' | 'de'

export interface LanguageChoice {
  readonly language: Language
  readonly choose: (language: Language) => void
}

/** The language of Keywell's parts, and of the pages of the assistant, of integrations and accounts; Acme speaks English elsewhere. */
export const LanguageContext: Context<LanguageChoice> = createContext<LanguageChoice>({
  language: 'en',
  choose: () => {},
})

export function useLanguage(): LanguageChoice {
  return useContext(LanguageContext)
}

const key = 'acme-language'

/**
 * Keywell's words in the language that was chosen last in this browser. Nobody who reads English downloads the
 * German ones.
 *
 * @param english Keywell's words where Acme knows better, in English
 */
export function useChosenLanguage(english: MessagesOverride): LanguageChoice & {
  readonly messages: MessagesOverride
} {
  const [wanted, setWanted] = useState<Language>(() =>
    localStorage.getItem(key) === 'de' ? 'de' : 'en',
  )
  const [german, setGerman] = useState<MessagesOverride>()
  useEffect(() => {
    if (wanted === 'de') void import('@keywell/react/de').then(({ de }) => setGerman(de))
  }, [wanted])
  const choose = (language: Language): void => {
    localStorage.setItem(key, language)
    setWanted(language)
  }
  // English until the words are there: `lang` must name the language that is shown.
  return wanted === 'de' && german
    ? { language: 'de', messages: german, choose }
    : { language: 'en', messages: english, choose }
}
