import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cleanup, render, screen } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import { afterEach, expect, test } from 'vitest'
import { verifies } from '../../../test/support/verifies.ts'
import { ConnectButton } from './connect-button.tsx'
import { HostField } from './host-field.tsx'
import type { ClassNames } from './parts.ts'
import { KeywellProvider } from './provider.tsx'
import { createStandIn, makeConnection } from './testing/stand-in.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), 'utf8')

/** Names and sentences of the table of parts. */
function parts(): [name: string, sentence: string][] {
  const source = read('./parts.ts')
  return [...source.matchAll(/\/\*\* (.+) \*\/\n {2}(\w+)\?: string \| undefined/g)].map(
    ([, sentence = '', name = '']) => [name, sentence],
  )
}

afterEach(() => cleanup())

verifies.suite('connect:class-names', () => {
  test('each part has the app’s class names beside its attribute', async () => {
    const classNames: ClassNames = Object.fromEntries(parts().map(([name]) => [name, `my-${name}`]))
    const standIn = createStandIn()
    standIn.connections = [makeConnection({ status: 'revoked', needsReauth: true })]
    render(
      <KeywellProvider window={standIn.browser.window} classNames={classNames}>
        <ConnectButton provider="gitlab" className="wide" disconnectable />
        <HostField provider="gitlab" className="mono" />
      </KeywellProvider>,
    )
    await userEvent.click(await screen.findByRole('button', { name: 'Disconnect' }))
    await screen.findByRole('dialog')
    const seen = parts().filter(([name]) => document.querySelector(`.my-${name}`))
    const expected = parts().filter(
      // A request that failed, facts of a connected account, and what an administrator registers.
      ([name]) => !['reference', 'facts', 'registration'].includes(name),
    )
    expect(seen).toEqual(expected)
    for (const [name] of seen) {
      const attribute = `data-keywell-${name.replace(/[A-Z]/g, (at) => `-${at.toLowerCase()}`)}`
      for (const element of document.querySelectorAll(`.my-${name}`)) {
        expect(element.hasAttribute(attribute), name).toBe(true)
      }
    }
    expect(document.querySelector('[data-keywell-button]')?.className).toBe('my-button wide')
    expect(document.querySelector('[data-keywell-host-input]')?.className).toBe('my-hostInput mono')
    expect(standIn.browser.faults).toEqual([])
  })

  test('without class names, no part has a class', async () => {
    const standIn = createStandIn()
    render(
      <KeywellProvider window={standIn.browser.window}>
        <ConnectButton provider="gitlab" />
        <HostField provider="gitlab" />
      </KeywellProvider>,
    )
    await screen.findByRole('button', { name: 'Connect GitLab' })
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
