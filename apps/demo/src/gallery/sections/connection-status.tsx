import { ConnectionStatus } from '@keywell/react'
import { type StateName, states } from '../accounts.ts'
import type { Group, Section } from '../section.ts'

/** By the name of a state: what it is called here, and its `data-state`. */
const shown: Readonly<Record<StateName, readonly [title: string, state: string]>> = {
  ok: ['It works', 'ok'],
  unknown: ['Not checked yet', 'unknown'],
  unavailable: ['The provider does not answer', 'degraded'],
  setup: ['The integration is at fault', 'degraded'],
  otherAccount: ['It leads to another account', 'degraded'],
  revoked: ['Access was withdrawn', 'needs_reauth'],
  expired: ['Access has expired', 'needs_reauth'],
  lost: ['The newest token was lost', 'needs_reauth'],
  timeIsOver: ['A key whose time is over', 'needs_reauth'],
  disconnected: ['Removed', 'disconnected'],
}

/** Each state of a connection, with the reasons that people can do something about. */
export const connectionStatus: Group = {
  title: 'ConnectionStatus',
  sections: Object.entries(shown).map(
    ([name, [title, state]]): Section => ({
      id: `status-${name.toLowerCase()}`,
      title,
      show: () => <ConnectionStatus connection={states[name as StateName]} />,
      until: `[data-keywell-health][data-state="${state}"]`,
    }),
  ),
}
