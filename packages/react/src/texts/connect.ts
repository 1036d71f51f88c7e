import type { Texts } from './texts.ts'

/** Of a button that connects an account: what a page says before the first click. The others are in `notes.ts`. */
export interface ConnectTexts {
  /** On the button, by state. `reconnect` and not `idle` where there is a connection that the attempt was for. */
  readonly button: Texts<
    'idle' | 'opening' | 'waiting' | 'confirming' | 'connected' | 'connectedUnnamed' | 'reconnect'
  >
  /** Beside the button, where a part of its code could not be fetched. */
  readonly notLoaded: string
  /** In the popup, until the provider's page is there. */
  readonly popup: string
}

export const connectTexts: ConnectTexts = {
  button: {
    idle: 'Connect {provider}',
    opening: 'Opening {provider} …',
    waiting: 'Waiting for {provider} …',
    confirming: 'Connecting {provider} …',
    connected: 'Connected as {account}',
    connectedUnnamed: '{provider} connected',
    reconnect: 'Reconnect {provider}',
  },
  notLoaded: 'This did not load. Please reload the page.',
  popup: 'Connecting to {provider} …',
}
