import type { Texts } from './texts.ts'

/** Of the field for the word that tells addresses of a provider apart, beside those of `host`. */
export interface VariableTexts {
  /** `{variable}` is what the provider calls it, and `{example}` an address with `…` in its place. */
  readonly variable: Texts<
    'label' | 'hint' | 'choiceHint' | 'choose' | 'ready' | 'notAllowed' | 'error'
  >
}

export const variableTexts: VariableTexts = {
  variable: {
    label: '{variable} at {provider}',
    hint: 'As in {example}. The whole address will do, too.',
    choiceHint: 'Choose where your account is.',
    choose: 'Please choose',
    ready: '{provider} can be connected there.',
    notAllowed: 'This is not right, or not allowed here. Look at the address of your {provider}.',
    error: 'It could not be checked. Please try again.',
  },
}
