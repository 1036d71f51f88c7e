/** The words of the picker, beside the catalogue that they are for. */
import { providers } from '@keywell/providers'
import { de } from '@keywell/react/de'
import { listTools } from '@keywell/tools'
import { expect, test } from 'vitest'

// A preview has the words of its definition, in every language.
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
