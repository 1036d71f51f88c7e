import type { ReactElement, ReactNode } from 'react'
import type { ConnectView } from './connect-view.ts'
import { Icon } from './icons.tsx'
import { useParts } from './parts.ts'
import { ProviderMark } from './provider-mark.tsx'

export interface ConnectContentProps {
  provider: string
  view: ConnectView
  /** A click opens a dialog. */
  opensDialog: boolean
  /** In place of the label. */
  children?: ReactNode
}

/** What stands in the button: the provider's mark, which shows the state too, and the label. */
export function ConnectContent(props: ConnectContentProps): ReactElement {
  const { provider, view, opensDialog, children } = props
  const { state, title, label } = view
  const part = useParts()
  const isNamed = children !== undefined || label.includes(title)
  return (
    <>
      <span {...part('icon')}>
        <ProviderMark
          provider={provider}
          title={isNamed ? undefined : title}
          className={part('mark').className}
        />
        {state.name === 'connected' && <Icon name="check" />}
        {state.name === 'needs_reauth' && <Icon name="alert" />}
      </span>
      <span {...part('label')}>{children ?? label}</span>
      {opensDialog && <Icon name="more" />}
    </>
  )
}
