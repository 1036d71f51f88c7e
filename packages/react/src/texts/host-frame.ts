import type { HostTexts } from './host.ts'

/** Of the field for the address of an instance, before the service has said what the address means. */
export const hostFrameTexts: {
  readonly host: Pick<HostTexts['host'], 'label' | 'hint' | 'check' | 'checking'>
} = {
  host: {
    label: 'Address of your {provider}',
    hint: 'Any address there will do, such as that of a project.',
    check: 'Check',
    checking: 'Looking for {provider} …',
  },
}
