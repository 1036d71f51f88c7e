/** The words of the picker, beside the catalogue that they are for. */
import { keyMethods, providers } from '@keywell/providers'
import { germanWords } from '@keywell/providers/german'
import { de } from '@keywell/react/de'
import { listTools } from '@keywell/tools'
import { expect, test } from 'vitest'

// A page in a browser carries no words of a preview with it; the pages of the service have them all.
const finished = providers.filter(({ state }) => state === 'stable')

test('German has words for all that a picker shows of each provider that is no preview, and for nothing else', () => {
  const sorted = (names: Iterable<string>) => [...names].toSorted()
  const namesOf = (all: readonly { name: string }[]) => sorted(all.map(({ name }) => name))
  const keysOf = (words: object = {}) => sorted(Object.keys(words))
  expect(keysOf(de.scopeWords)).toEqual(namesOf(finished))
  for (const { name, scopes, scopeGroups, scopePresets } of finished) {
    const { [name]: words = {} } = de.scopeWords
    const tools = listTools(name)
    expect(keysOf(words.scopes)).toEqual(namesOf(scopes))
    expect(keysOf(words.groups)).toEqual(namesOf(scopeGroups))
    expect(keysOf(words.presets)).toEqual(namesOf(scopePresets))
    expect(keysOf(words.areas)).toEqual(sorted(new Set(tools.map(({ group }) => group))))
    expect(keysOf(words.tools)).toEqual(namesOf(tools))
  }
})

test('on the pages of the service, German has words for all that is shown of each provider', () => {
  const namesOf = (all: readonly { name: string }[]) => all.map(({ name }) => name).toSorted()
  const keysOf = (words: object = {}) => Object.keys(words).toSorted()
  expect(keysOf(germanWords)).toEqual(namesOf(providers))
  for (const provider of providers) {
    const { name, scopes, scopeGroups, scopePresets } = provider
    const { [name]: words } = germanWords
    expect(keysOf(words?.scopes), name).toEqual(namesOf(scopes))
    expect(keysOf(words?.groups), name).toEqual(namesOf(scopeGroups))
    expect(keysOf(words?.presets), name).toEqual(namesOf(scopePresets))
    for (const { fields, steps, title } of keyMethods(provider)) {
      expect(keysOf(words?.keyLabels), title).toEqual(namesOf(fields))
      expect(words?.keySteps, title).toHaveLength(steps.length)
    }
  }
})
