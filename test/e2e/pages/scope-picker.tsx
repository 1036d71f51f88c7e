/** A page of an app that lets its user choose scopes: in the dialog of a button, and with `?inline` in the page. */
import { ConnectButton, KeywellProvider, ScopePicker } from '@keywell/react'
import { de } from '@keywell/react/de'
import { type ReactElement, StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import '@keywell/react/styles.css'
import './scope-picker.css'

const query = new URLSearchParams(window.location.search)

function Inline(): ReactElement {
  const [scopes, setScopes] = useState<string[]>()
  return (
    <>
      <ScopePicker
        provider="gitlab"
        tools={['gitlab_issues_list', 'gitlab_issue_create', 'gitlab_file_get']}
        value={scopes}
        onChange={setScopes}
      />
      <p>
        <ConnectButton provider="gitlab" scopes={scopes} />
      </p>
    </>
  )
}

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no root.')
createRoot(root).render(
  <StrictMode>
    <KeywellProvider messages={query.has('german') ? de : {}}>
      <main>
        <h1>GitLab</h1>
        {query.has('inline') ? (
          <Inline />
        ) : (
          <ConnectButton provider="gitlab" scopes={['read_api']} scopePicker disconnectable />
        )}
      </main>
    </KeywellProvider>
  </StrictMode>,
)
