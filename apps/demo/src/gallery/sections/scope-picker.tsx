import { ScopePicker } from '@keywell/react'
import { connection, offer } from '../fixtures.ts'
import type { Group } from '../section.ts'

const picker = (name: string) => `[data-keywell-scope-picker][data-state="${name}"]`
const offered = { providers: [offer] }

export const scopePicker: Group = {
  title: 'ScopePicker',
  sections: [
    {
      id: 'scopes',
      title: 'A choice of scopes',
      answers: offered,
      show: () => <ScopePicker provider="gitlab" defaultValue={['read_api']} />,
      until: picker('ready'),
      isWide: true,
    },
    {
      id: 'scopes-changed',
      title: 'A connection that asks for more',
      answers: { ...offered, connections: [connection] },
      show: () => <ScopePicker provider="gitlab" connection={connection} defaultValue={['api']} />,
      until: picker('ready'),
      isWide: true,
    },
    {
      id: 'scopes-for-tools',
      title: 'What tools need',
      answers: offered,
      show: () => (
        <ScopePicker
          provider="gitlab"
          tools={['gitlab_issues_list', 'gitlab_issues_create']}
          defaultValue={['read_api']}
        />
      ),
      until: picker('ready'),
      isWide: true,
    },
    {
      id: 'scopes-loading',
      title: 'Not read yet',
      answers: { session: 'never' },
      show: () => <ScopePicker provider="gitlab" />,
      until: picker('loading'),
    },
    {
      id: 'scopes-missing',
      title: 'Nothing can be connected there',
      show: () => <ScopePicker provider="gitlab" />,
      until: picker('missing'),
    },
    {
      id: 'scopes-error',
      title: 'It could not be read',
      answers: { session: 'unavailable' },
      show: () => <ScopePicker provider="gitlab" />,
      until: picker('error'),
    },
  ],
}
