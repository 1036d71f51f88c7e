import { HostField, ProviderMark } from '@keywell/react'
import type { ReactElement } from 'react'
import { hostCheck, notRegistered } from '../fixtures.ts'
import type { Group } from '../section.ts'

const field = (name: string) => `[data-keywell-host-field][data-state="${name}"]`
const check = ['[data-keywell-host-check]']
const filled = (): ReactElement => (
  <HostField provider="gitlab" defaultValue="git.northwind.example/gitlab/team/webshop" />
)

export const hostField: Group = {
  title: 'HostField',
  sections: [
    {
      id: 'host-empty',
      title: 'Empty',
      show: () => <HostField provider="gitlab" placeholder="gitlab.acme.com" />,
      until: field('idle'),
    },
    {
      id: 'host-checking',
      title: 'The service looks',
      answers: { host: 'never' },
      show: filled,
      clicks: check,
      until: field('checking'),
    },
    {
      id: 'host-ready',
      title: 'Found',
      answers: { host: hostCheck },
      show: filled,
      clicks: check,
      until: field('ready'),
    },
    {
      id: 'host-not-registered',
      title: 'Found, and nothing is registered',
      answers: { host: notRegistered },
      show: filled,
      clicks: check,
      until: field('notRegistered'),
    },
    {
      id: 'host-not-recognised',
      title: 'Something else is there',
      answers: { host: { ...hostCheck, status: 'not_recognised', methods: [] } },
      show: filled,
      clicks: check,
      until: field('notRecognised'),
    },
    {
      id: 'host-unreachable',
      title: 'Nothing is there',
      answers: { host: { ...hostCheck, status: 'unreachable', methods: [] } },
      show: filled,
      clicks: check,
      until: field('unreachable'),
    },
    {
      id: 'host-not-allowed',
      title: 'Not an address that is allowed',
      answers: { host: 'host_not_allowed' },
      show: filled,
      clicks: check,
      until: field('notAllowed'),
    },
    {
      id: 'host-error',
      title: 'It could not be checked',
      answers: { host: 'unavailable' },
      show: filled,
      clicks: check,
      until: field('error'),
    },
  ],
}

export const providerMark: Group = {
  title: 'ProviderMark',
  sections: [
    {
      id: 'marks',
      title: 'With a mark, and without',
      show: () => (
        <div className="row">
          <ProviderMark provider="gitlab" title="GitLab" size={32} />
          <ProviderMark provider="acme-forge" title="Acme Forge" />
        </div>
      ),
      until: '[data-keywell-mark]',
    },
  ],
}
