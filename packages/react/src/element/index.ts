/**
 * Keywell for pages without React: an element that connects an account. Importing this defines it.
 *
 * ```ts
 * import '@keywell/react/element'
 *
 * document.body.innerHTML = '<keywell-connect provider="gitlab" scopes="read_api"></keywell-connect>'
 * document.addEventListener('keywell-success', ({ detail }) => show(detail.connection.account.name))
 * ```
 */
import { KeywellConnectElement, type KeywellConnectEvents } from './keywell-connect.ts'

export { KeywellConnectElement, type KeywellConnectEvents }

type EventMap = {
  [Name in keyof KeywellConnectEvents]: CustomEvent<KeywellConnectEvents[Name]>
}

declare global {
  interface HTMLElementTagNameMap {
    'keywell-connect': KeywellConnectElement
  }
  interface HTMLElementEventMap extends EventMap {}
  interface DocumentEventMap extends EventMap {}
}

// A server has no registry; and two copies of this package may be loaded into one page.
if (globalThis.customElements && !customElements.get('keywell-connect')) {
  customElements.define('keywell-connect', KeywellConnectElement)
}
