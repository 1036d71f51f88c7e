/** A page that connects a provider of its operator's own, whose name it takes from the address. */
import { ConnectButton, ConnectionsManager, KeywellProvider } from '@keywell/react'
import { createRoot } from 'react-dom/client'
import '@keywell/react/styles.css'

const root = document.getElementById('root')
const provider = new URLSearchParams(location.search).get('provider')
if (root === null || provider === null)
  throw new Error('The page has no root, or names no provider.')
createRoot(root).render(
  <KeywellProvider>
    <main>
      <h1>Notes</h1>
      <ConnectButton provider={provider} />
      <ConnectionsManager />
    </main>
  </KeywellProvider>,
)
