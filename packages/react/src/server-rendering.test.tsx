// @vitest-environment node
import { renderToString } from 'react-dom/server'
import { expect, it } from 'vitest'
import { ConnectButton } from './connect-button.tsx'
import { ConnectionStatus } from './connection-status.tsx'
import { ConnectionsManager } from './connections-manager.tsx'
import { HostField } from './host-field.tsx'
import { KeywellProvider } from './provider.tsx'
import { ScopePicker } from './scope-picker.tsx'
import { makeConnection } from './testing/stand-in.ts'
import { useConnection } from './use-connections.ts'

function Account() {
  const { status, connection } = useConnection('gitlab')
  return <p>{connection ? connection.account.name : status}</p>
}

it('renders on a server: without a window, without a call, without a style attribute', () => {
  expect(typeof window).toBe('undefined')
  const fetch = () => {
    throw new Error('A server must not call.')
  }
  const html = renderToString(
    <KeywellProvider fetch={fetch}>
      <ConnectButton provider="gitlab" className="mine" />
      <HostField provider="gitlab" />
      <ScopePicker provider="gitlab" />
      <ConnectionsManager />
      <ConnectionStatus connection={makeConnection()} />
      <Account />
    </KeywellProvider>,
  )
  expect(html).toContain('data-state="idle"')
  expect(html).toContain('>Connect GitLab</span></button>')
  // Its mark comes with the list.
  expect(html).toContain('<span aria-hidden="true" data-keywell-mark="G"></span>')
  expect(html).toContain('<p>loading</p>')
  expect(html).toMatch(/<fieldset[^>]* data-state="loading" aria-busy="true"/)
  expect(html).toMatch(/<section[^>]* data-state="loading" aria-busy="true"/)
  expect(html).toContain('data-state="ok"')
  expect(html).toContain('role="status"')
  expect(html).not.toContain('style=')
})
