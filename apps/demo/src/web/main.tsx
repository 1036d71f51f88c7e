import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '@keywell/react/styles.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/sign-in.css'
import './styles/shell.css'
import './styles/pages.css'
import './styles/assistant.css'
import './styles/keywell.css'
import { App } from './app.tsx'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
