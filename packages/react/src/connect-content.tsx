import type { ReactElement, ReactNode } from 'react'
import type { ConnectView } from './connect-view.ts'
import type { Icon } from './icons.tsx'
import { useParts } from './parts.ts'
import { ProviderMark } from './provider-mark.tsx'

export interface ConnectContentProps {
  provider: string
  view: ConnectView
  /** A click opens a dialog. */
  opensDialog: boolean
  /** Decoration: the words beside it say the same, also before it is fetched. */
  Icon: typeof Icon | undefined
  /** In place of the label. */
  children?: ReactNode
}

/** What stands in the button: the provider's mark, which shows the state too, and the label. */
export function ConnectContent(props: ConnectContentProps): ReactElement {
  const { provider, view, opensDialog, Icon, children } = props
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
        {Icon && state.name === 'connected' && <Icon name="check" />}
        {Icon && state.name === 'needs_reauth' && <Icon name="alert" />}
      </span>
      <span {...part('label')}>{children ?? label}</span>
      {Icon && opensDialog && <Icon name="more" />}
    </>
  )
}
