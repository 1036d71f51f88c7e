import type { PlaceView } from '@keywell/protocol'
import { HostField, ProviderMark, VariableField } from '@keywell/react'
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

const word: PlaceView = {
  kind: 'label',
  title: 'Subdomain',
  example: 'https://….acme.example',
  options: [],
}
const regions = [
  { value: 'eu', title: 'Europe' },
  { value: 'us', title: 'North America' },
]
const choice: PlaceView = { kind: 'choice', title: 'Region', example: null, options: regions }
const acme = { ...hostCheck, host: 'https://northwind.acme.example' }

export const variableField: Group = {
  title: 'VariableField',
  sections: [
    {
      id: 'variable-word',
      title: 'A word',
      answers: { places: { 'acme-desk': word } },
      show: () => <VariableField provider="acme-desk" />,
      until: `${field('idle')} input[autocomplete="off"]`,
    },
    {
      id: 'variable-ready',
      title: 'The word of an address that was pasted',
      answers: { places: { 'acme-desk': word }, host: acme },
      show: () => (
        <VariableField provider="acme-desk" defaultValue="https://northwind.acme.example/tickets" />
      ),
      clicks: check,
      until: field('ready'),
    },
    {
      id: 'variable-not-allowed',
      title: 'Not a word of it',
      answers: { places: { 'acme-desk': word }, host: 'host_not_allowed' },
      show: () => <VariableField provider="acme-desk" defaultValue="North wind" />,
      clicks: check,
      until: field('notAllowed'),
    },
    {
      id: 'variable-choice',
      title: 'One of a few',
      answers: { places: { 'acme-watch': choice } },
      show: () => <VariableField provider="acme-watch" />,
      until: `${field('idle')} select`,
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
