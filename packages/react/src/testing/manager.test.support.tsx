/** A list of accounts on a page, as a person sees and uses it. */
import { render, screen, waitFor, within } from '@testing-library/react'
import { type UserEvent, userEvent } from '@testing-library/user-event'
import { StrictMode } from 'react'
import { expect } from 'vitest'
import { ConnectionsManager, type ConnectionsManagerProps } from '../connections-manager.tsx'
import { KeywellProvider, type KeywellProviderProps } from '../provider.tsx'
import type { Browser } from './browser.ts'

export const user: UserEvent = userEvent.setup()

/** A list of accounts in a browser. `provider` are props of the provider around it. */
export function showManager(
  { window }: Browser,
  props: ConnectionsManagerProps = {},
  provider: KeywellProviderProps = {},
): ReturnType<typeof render> {
  return render(
    <StrictMode>
      <KeywellProvider window={window} {...provider}>
        <ConnectionsManager {...props} />
      </KeywellProvider>
    </StrictMode>,
  )
}

export const until = (check: () => void): Promise<void> => waitFor(check, { timeout: 15_000 })

export const manager = (): HTMLElement => screen.getByRole('region')

export const isRead = (): Promise<void> =>
  until(() => expect(manager().dataset.state).toBe('ready'))

/** The accounts, without places of those that are not read yet. */
export const rows = (): HTMLElement[] => [
  ...document.querySelectorAll<HTMLElement>('li[data-keywell-connection]:not([data-loading])'),
]

export const titles = (): (string | null | undefined)[] =>
  rows().map((row) => row.querySelector('h3')?.textContent)

export const statusOf = (place: number): HTMLElement | null | undefined =>
  rows()[place]?.querySelector<HTMLElement>('[data-keywell-health]')

export function row(place: number): ReturnType<typeof within> {
  const found = rows()[place]
  if (found === undefined) throw new Error(`There is no row ${place}.`)
  return within(found)
}

export const button = (name: string | RegExp): Promise<HTMLElement> =>
  screen.findByRole('button', { name }, { timeout: 15_000 })

export const dialog = (): ReturnType<typeof within> => within(screen.getByRole('dialog'))

/** Clicks a button of the dialog, which is fetched by then or not. */
export async function choose(name: string): Promise<void> {
  await screen.findByRole('dialog', undefined, { timeout: 15_000 })
  await user.click(dialog().getByRole('button', { name }))
}

/** What the live region says. */
export const said = (): string | null => screen.getByRole('status').textContent
