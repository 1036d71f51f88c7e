'use client'

import { type ReactElement, type ReactNode, useEffect, useMemo, useRef, useState } from 'react'
import { checkProps } from './check-props.ts'
import { KeywellContext } from './context.ts'
import { type ClientOptions, createKeywellClient } from './core/index.ts'
import { hideVisually } from './hidden.ts'
import type { MessagesOverride } from './messages.ts'
import type { ClassNames } from './parts.ts'

// Bundlers replace it, as they do in React's own index.js.
declare const process: { env: { NODE_ENV?: string } }

export interface KeywellProviderProps extends ClientOptions {
  children?: ReactNode
  /** Replaces any of the texts that users read; `de` of `@keywell/react/de` replaces all. Default: English. */
  messages?: MessagesOverride | undefined
  /** Language tag (BCP 47) that dates and lists are written in. Default: that of the messages. */
  locale?: string | undefined
  /**
   * Class names of your own, by part, for utility classes such as those of Tailwind. Keep the object the same from
   * render to render. Default: none.
   */
  classNames?: ClassNames | undefined
}

/**
 * Gives its children one client, one set of messages and one live region. It uses the options of the first
 * render; to change them, mount it again with another `key`.
 *
 * ```tsx
 * <KeywellProvider endpoint="/api/keywell">
 *   <ConnectButton provider="gitlab" />
 * </KeywellProvider>
 * ```
 */
export function KeywellProvider({
  children,
  messages = english,
  locale = messages.locale ?? 'en',
  classNames,
  ...options
}: KeywellProviderProps): ReactElement {
  if (process.env.NODE_ENV !== 'production') checkLocale(locale)
  const [client] = useState(() => createKeywellClient(options))
  const region = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (region.current) hideVisually(region.current)
    client.takeReturn()
  }, [client])
  const keywell = useMemo(
    () => ({
      client,
      messages,
      locale,
      classNames,
      announce(sentence: string) {
        // Written without React, so that a sentence causes no render.
        if (region.current) region.current.textContent = sentence
      },
    }),
    [client, messages, locale, classNames],
  )
  return (
    <KeywellContext.Provider value={keywell}>
      {children}
      <div ref={region} role="status" data-keywell-status="" />
    </KeywellContext.Provider>
  )
}

const english: MessagesOverride = {}

function checkLocale(locale: string): void {
  let isTag = true
  try {
    Intl.getCanonicalLocales(locale)
  } catch {
    isTag = false
  }
  checkProps('KeywellProvider', {
    'got a locale that is no language tag': [!isTag, 'Write locale="de" or locale="pt-BR".'],
  })
}
