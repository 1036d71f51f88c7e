import type { ReactElement } from 'react'
import { type Language, useLanguage } from './language.ts'

const names: Readonly<Record<Language, string>> = { en: 'English', de: 'Deutsch' }

/** The title of a page that speaks the chosen language, and the switch to the other one. */
export function PageHead({ title }: { title: string }): ReactElement {
  const { language, choose } = useLanguage()
  const other = language === 'de' ? 'en' : 'de'
  return (
    <div className="page-head">
      <h1>{title}</h1>
      <button type="button" className="button" lang={other} onClick={() => choose(other)}>
        {names[other]}
      </button>
    </div>
  )
}
