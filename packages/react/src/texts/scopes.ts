import { scopeFrameTexts } from './scope-frame.ts'
import type { Texts } from './texts.ts'

/** Of the picker that a person chooses scopes with. */
export interface ScopeTexts {
  readonly scopes: Texts<
    | 'legend'
    | 'loading'
    // What went wrong, and the next step.
    | 'failed'
    | 'signedOut'
    | 'missing'
    | 'nothing'
    | 'retry'
    // Above the presets, and the one that is none.
    | 'presets'
    | 'own'
    | 'ownSentence'
    // Of a scope that is fixed, and why. `{list}` is replaced by the scopes that include it.
    | 'required'
    | 'included'
    // Its risk.
    | 'low'
    | 'medium'
    | 'high'
    | 'critical'
    // Above the actions that a scope makes possible: while it is chosen, and while it is not.
    | 'without'
    | 'adds'
    // How many actions work, and which of those that the app needs do not.
    | 'summary'
    | 'count'
    | 'broken'
    | 'empty'
    // For a connection that has scopes already.
    | 'changes'
    | 'same'
    | 'kept'
    | 'added'
    | 'removed'
    // In the dialog of a button.
    | 'choose'
    | 'change'
    | 'confirm'
    | 'cancel'
  >
  /** In place of what the service says of scopes, by the name of the provider. Default: the service's, in English. */
  readonly scopeWords: Readonly<Partial<Record<string, ScopeWords>>>
}

/** What a provider's scopes are called in one language. A word that is missing is the service's. */
export interface ScopeWords {
  /** What a scope allows, by its name. */
  readonly scopes?: Words | undefined
  /** Titles of the groups of scopes, by their names. */
  readonly groups?: Words | undefined
  /** By their names. */
  readonly presets?:
    | Readonly<Partial<Record<string, Readonly<Record<'title' | 'sentence', string>>>>>
    | undefined
  /** Titles of the groups of tools, by their names. */
  readonly areas?: Words | undefined
  /** Titles of tools, by their names. */
  readonly tools?: Words | undefined
}

type Words = Readonly<Partial<Record<string, string>>>

export const scopeTexts: ScopeTexts = {
  scopes: {
    ...scopeFrameTexts.scopes,
    failed: 'What can be allowed could not be looked up. Please try again.',
    signedOut: 'You are no longer signed in. Sign in, and try again.',
    missing: '{provider} is not set up here. Please ask your administrator.',
    nothing: 'Nothing in {provider} can be allowed here. Please ask your administrator.',
    retry: 'Try again',
    presets: 'How much',
    own: 'My own choice',
    ownSentence: 'Choose each permission below.',
    required: 'Always needed',
    included: 'Included in {list}',
    low: 'Low risk',
    medium: 'Medium risk',
    high: 'High risk',
    critical: 'Very high risk',
    without: 'Stops working without it: {count}',
    adds: 'Works with it: {count}',
    summary: '{count} of {total} actions work with this choice.',
    count: 'Permissions chosen: {count}.',
    broken: 'This app needs more for: {list}.',
    empty: 'Choose at least one permission to go on.',
    changes: 'What changes',
    same: 'Nothing changes.',
    kept: 'Allowed now',
    added: 'New',
    removed: 'Taken away',
    choose: 'Choose what to allow',
    change: 'Change what is allowed',
    confirm: 'Continue to {provider}',
    cancel: 'Cancel',
  },
  scopeWords: {},
}
