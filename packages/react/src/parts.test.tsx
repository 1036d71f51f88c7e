import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cleanup, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import type { ReactNode } from 'react'
import { afterEach, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { ConnectButton } from './connect-button.tsx'
import { ConnectionsManager } from './connections-manager.tsx'
import { HostField } from './host-field.tsx'
import type { ClassNames } from './parts.ts'
import { KeywellProvider } from './provider.tsx'
import { ScopePicker } from './scope-picker.tsx'
import { createStandIn, makeConnection, makeProvider, type StandIn } from './testing/stand-in.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

/** Names and sentences of the table of parts. */
function parts(): [name: string, sentence: string][] {
  const source = read('./parts.ts')
  return [...source.matchAll(/\/\*\* (.+) \*\/\n {2}(\w+)\?: string \| undefined/g)].map(
    ([, sentence = '', name = '']) => [name, sentence],
  )
}

afterEach(() => cleanup())

/** One scope that the connections have, and one that they would get. */
function withScopes(provider: ReturnType<typeof makeProvider>): typeof provider {
  const scope = { risk: 'low' as const, implies: [], group: 'api' }
  return {
    ...provider,
    hosts: ['https://gitlab.com'],
    scopeGroups: [{ name: 'api', title: 'Everything' }],
    scopePresets: [{ name: 'all', title: 'All', sentence: 'All.', scopes: ['read_api', 'api'] }],
    scopes: [
      { ...scope, name: 'read_api', sentence: 'Reads.', required: true },
      { ...scope, name: 'api', sentence: 'Writes.', required: false },
    ],
    tools: [{ name: 'gitlab_issues_list', title: 'List issues', group: 'issues', scopes: ['api'] }],
  }
}

/** Parts that are only in states that this file does not reach; the gallery shows them. */
const elsewhere = ['reference', 'registration', 'scopeError', 'missing', 'empty']

verifies.suite('connect:class-names', () => {
  test('each part has the app’s class names beside its attribute', async () => {
    const classNames: ClassNames = Object.fromEntries(parts().map(([name]) => [name, `my-${name}`]))
    const met = new Set<string>()
    const look = () => {
      for (const [name] of parts()) {
        const attribute = `data-keywell-${name.replace(/[A-Z]/g, (at) => `-${at.toLowerCase()}`)}`
        for (const element of document.querySelectorAll(`[${attribute}]`)) {
          expect([...element.classList], attribute).toContain(`my-${name}`)
          met.add(name)
        }
        for (const element of document.querySelectorAll(`.my-${name}`)) {
          expect(element.hasAttribute(attribute), name).toBe(true)
        }
      }
    }
    const show = (standIn: StandIn, children: ReactNode) =>
      render(
        <KeywellProvider window={standIn.browser.window} classNames={classNames}>
          {children}
        </KeywellProvider>,
      )

    const broken = createStandIn()
    broken.connections = [makeConnection({ status: 'revoked', needsReauth: true })]
    const button = show(
      broken,
      <>
        <ConnectButton provider="gitlab" className="wide" disconnectable />
        <HostField provider="gitlab" className="mono" />
      </>,
    )
    await userEvent.click(await screen.findByRole('button', { name: 'Disconnect' }))
    await screen.findByRole('dialog')
    look()
    expect(document.querySelector('[data-keywell-button]')?.className).toBe('my-button wide')
    expect(document.querySelector('[data-keywell-host-input]')?.className).toBe('my-hostInput mono')
    button.unmount()

    const many = createStandIn()
    many.connections = Array.from({ length: 21 }, (_, place) =>
      makeConnection(place === 0 ? {} : { name: `n${place}` }),
    )
    many.providers = [withScopes(makeProvider('gitlab', 'GitLab'))]
    const manager = show(many, <ConnectionsManager className="wide" />)
    const [first] = await screen.findAllByRole('button', { name: /^Manage/ }, { timeout: 15_000 })
    expect(document.querySelector('[data-keywell-manager]')?.className).toBe('my-manager wide')
    expect(first?.className).toBe('my-button my-manage')
    await userEvent.click(await screen.findByRole('button', { name: /^Add another/ }))
    if (first) await userEvent.click(first)
    await screen.findByRole('dialog')
    look()
    await userEvent.click(screen.getByRole('button', { name: 'Change what is allowed' }))
    await screen.findAllByRole('checkbox', undefined, { timeout: 15_000 })
    look()
    expect(screen.getByRole('dialog').className).toBe('my-dialog my-scopeDialog')
    manager.unmount()

    const own = show(many, <ConnectionsManager scopePicker={() => 'Choose'} />)
    const [again] = await screen.findAllByRole('button', { name: /^Manage/ }, { timeout: 15_000 })
    if (again) await userEvent.click(again)
    await userEvent.click(await screen.findByRole('button', { name: 'Change what is allowed' }))
    await screen.findByText('Choose')
    look()
    own.unmount()

    const names = parts().map(([name]) => name)
    expect(names.filter((name) => !met.has(name))).toEqual(
      names.filter((name) => elsewhere.includes(name)),
    )
    expect([...broken.browser.faults, ...many.browser.faults]).toEqual([])
  })

  test('without class names, no part has a class', async () => {
    const standIn = createStandIn()
    render(
      <KeywellProvider window={standIn.browser.window}>
        <ConnectButton provider="gitlab" />
        <HostField provider="gitlab" />
        <ScopePicker provider="gitlab" />
        <ConnectionsManager />
      </KeywellProvider>,
    )
    await screen.findByText('No account is connected yet')
    expect(document.querySelectorAll('[class]')).toHaveLength(0)
  })

  test('the guide lists each part with the sentence of the table', () => {
    expect(parts().length).toBeGreaterThan(10)
    const guide = read('../../../apps/docs/guide/theming.md')
    const rows = [...guide.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, name, text]) => [
      name,
      text,
    ])
    expect(rows.filter(([name]) => parts().some(([part]) => part === name))).toEqual(
      parts().map(([name, sentence]) => [name, sentence.replaceAll('|', '\\|')]),
    )
  })
})
