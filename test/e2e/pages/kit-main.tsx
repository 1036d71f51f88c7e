import { KeywellProvider } from '@keywell/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '@keywell/react/styles.css'
import './scope-picker.css'
import { Kit } from './kit.tsx'

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root.')
createRoot(root).render(
  <StrictMode>
    <KeywellProvider>
      <main>
        <h1>Accounts</h1>
        <Kit />
      </main>
    </KeywellProvider>
  </StrictMode>,
)
