import type { ScopeTexts } from './scopes.ts'

/** Of the picker that a person chooses scopes with, before there is a choice. */
export const scopeFrameTexts: {
  readonly scopes: Pick<ScopeTexts['scopes'], 'legend' | 'loading'>
} = {
  scopes: {
    legend: 'What this app may do in {provider}',
    loading: 'Looking up what can be allowed …',
  },
}
