import { hostFrameTexts } from './host-frame.ts'
import type { Texts } from './texts.ts'

/** Of the field for the address of an instance. */
export interface HostTexts {
  readonly host: Texts<
    | 'label'
    | 'hint'
    | 'check'
    | 'checking'
    | 'ready'
    | 'notRegistered'
    | 'notRecognised'
    | 'unreachable'
    | 'notAllowed'
    | 'error'
    // Above the page, the redirect URI and the scopes of an app that is to be registered.
    | 'page'
    | 'redirectUri'
    | 'scopes'
  >
}

export const hostTexts: HostTexts = {
  host: {
    ...hostFrameTexts.host,
    ready: '{provider} was found there, and can be connected.',
    notRegistered:
      '{provider} was found there, but is not set up here. Please pass this on to your administrator.',
    notRecognised:
      'This is not the address of a {provider}. Copy it from the browser, at {provider}.',
    unreachable:
      'This address cannot be reached. Check the spelling, or ask your administrator whether it is on a private network.',
    notAllowed: 'This address is not allowed here.',
    error: 'The address could not be checked. Please try again.',
    page: 'Register an app at',
    redirectUri: 'Redirect URI',
    scopes: 'Scopes',
  },
}
