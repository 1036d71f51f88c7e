'use client'

import {
  type ClassNames,
  type KeywellProviderProps,
  KeywellProvider as Provider,
} from '@keywell/react'

export { ConnectButton, HostField, ProviderMark, useConnection } from '@keywell/react'

const ring =
  'outline-none focus-visible:border-ring focus-visible:ring-[3px] focus-visible:ring-ring/50'
const small =
  'inline-flex h-8 cursor-pointer items-center rounded-md border bg-background px-3 text-sm font-medium shadow-xs transition-colors hover:bg-accent hover:text-accent-foreground'

/**
 * How each part looks. These are yours to change; what the parts do stays in `@keywell/react`. Parts that are not
 * named here have no looks. Say with `data-*` variants how a part looks in a state: `data-[state=connected]:…`.
 */
export const classNames: ClassNames = {
  button: [
    'group/connect inline-flex max-w-full cursor-pointer items-center justify-center gap-2 rounded-md border',
    'text-start text-sm leading-tight font-medium transition-colors select-none',
    'data-[size=sm]:min-h-8 data-[size=sm]:px-3 data-[size=md]:min-h-9 data-[size=md]:px-4',
    'data-[size=lg]:min-h-10 data-[size=lg]:px-6',
    'border-border bg-background text-foreground shadow-xs hover:bg-accent hover:text-accent-foreground',
    'not-data-[state=connected]:data-[variant=primary]:border-transparent',
    'not-data-[state=connected]:data-[variant=primary]:bg-primary',
    'not-data-[state=connected]:data-[variant=primary]:text-primary-foreground',
    'not-data-[state=connected]:data-[variant=primary]:hover:bg-primary/90',
    'data-[variant=ghost]:border-transparent data-[variant=ghost]:bg-transparent data-[variant=ghost]:shadow-none',
    'disabled:cursor-not-allowed disabled:opacity-50 aria-busy:cursor-progress',
    // Until the list of connections is read, whatever the button said might be wrong.
    'data-loading:animate-pulse data-loading:border-transparent! data-loading:bg-muted! data-loading:text-transparent!',
    ring,
  ].join(' '),
  icon: [
    'relative inline-grid size-5 shrink-0 place-items-center group-data-loading/connect:invisible',
    'has-data-keywell-glyph:me-1',
    // While it works, a ring turns around the mark.
    'group-aria-busy/connect:after:absolute group-aria-busy/connect:after:-inset-0.5',
    'group-aria-busy/connect:after:animate-spin group-aria-busy/connect:after:rounded-full',
    'group-aria-busy/connect:after:border-2 group-aria-busy/connect:after:border-current/25',
    'group-aria-busy/connect:after:border-t-current motion-reduce:group-aria-busy/connect:after:animate-none',
  ].join(' '),
  mark: [
    'size-full group-aria-busy/connect:scale-60 [span&]:inline-grid [span&]:place-items-center',
    '[span&]:min-h-5 [span&]:min-w-5 [span&]:rounded [span&]:bg-current/20 [span&]:text-xs [span&]:font-bold',
    '[span&]:before:content-[attr(data-keywell-mark)]',
    // On the app's own colour, the mark has the colour of the text.
    'group-not-data-[state=connected]/connect:group-data-[variant=primary]/connect:fill-current',
    'in-[dialog]:size-6 in-[dialog]:shrink-0',
  ].join(' '),
  glyph: [
    'size-4 shrink-0 in-data-keywell-icon:absolute in-data-keywell-icon:-end-1.5 in-data-keywell-icon:-bottom-1',
    'in-data-keywell-icon:size-3.5 in-data-keywell-icon:rounded-full in-data-keywell-icon:p-0.5',
    'in-data-keywell-icon:bg-emerald-600 in-data-keywell-icon:text-white in-data-keywell-icon:stroke-3',
    'in-data-keywell-icon:ring-2 in-data-keywell-icon:ring-background',
    'in-data-keywell-icon:data-[keywell-glyph=alert]:bg-amber-600',
    'data-[keywell-glyph=more]:text-muted-foreground',
  ].join(' '),
  label: 'line-clamp-2 wrap-anywhere',
  actions: [
    'mt-2 flex max-w-full flex-wrap items-center gap-2 rounded-md border px-3 py-2 text-sm text-muted-foreground',
    'data-[state=denied]:text-destructive data-[state=error]:text-destructive data-[state=expired]:text-destructive',
  ].join(' '),
  note: 'min-w-0 flex-1 basis-40 text-pretty',
  reference: 'block text-xs wrap-anywhere text-muted-foreground',
  action: `${small} text-foreground ${ring}`,
  dialog: [
    'm-auto w-[min(26rem,calc(100vw-2rem))] gap-5 rounded-lg border bg-background p-6 text-foreground shadow-lg',
    'text-sm open:grid backdrop:bg-black/50',
  ].join(' '),
  heading: 'flex items-center gap-3 text-lg leading-tight font-semibold',
  facts:
    'grid gap-2 [&_dt]:text-muted-foreground [&>div]:grid [&>div]:grid-cols-[minmax(6rem,1fr)_2.5fr] [&>div]:gap-4',
  choices: 'grid gap-2 [&>:last-child]:border-transparent [&>:last-child]:shadow-none',
  choice: `${small} h-9 justify-center data-keywell-danger:text-destructive aria-busy:cursor-progress ${ring}`,
  hostField:
    'grid grid-cols-[minmax(0,1fr)_auto] gap-2 text-sm [&>:not(input,button)]:col-span-full',
  hostLabel: 'font-medium',
  hostInput: `h-9 min-w-0 rounded-md border border-input bg-transparent px-3 shadow-xs aria-invalid:border-destructive ${ring}`,
  hostCheck: `${small} h-9 ${ring}`,
  registration: 'grid gap-1 [&_dd]:mb-2 [&_dd]:wrap-anywhere [&_dt]:text-muted-foreground',
}

/** Put it around what uses Keywell. It takes the props of the provider of `@keywell/react`. */
export function KeywellProvider(props: KeywellProviderProps) {
  return <Provider classNames={classNames} {...props} />
}
