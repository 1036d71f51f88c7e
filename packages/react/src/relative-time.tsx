import { type ReactElement, useEffect, useState, useSyncExternalStore } from 'react'
import { useKeywell } from './context.ts'

const minuteMs = 60_000

/** From the longest to the shortest, in milliseconds. */
const units = [
  ['year', 365 * 24 * 60 * minuteMs],
  ['month', 30 * 24 * 60 * minuteMs],
  ['day', 24 * 60 * minuteMs],
  ['hour', 60 * minuteMs],
  ['minute', minuteMs],
] as const

/** `5 minutes ago`, or `in 3 days`; `now` within a minute. */
function relativeTime(locale: string, fromNowMs: number, now: string): string {
  const unit = units.find(([, length]) => Math.abs(fromNowMs) >= length)
  if (unit === undefined) return now
  const [name, length] = unit
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  return format.format(Math.trunc(fromNowMs / length), name)
}

/**
 * How long ago something was, or is to come; it stays true while the page is open. On a server, and until its page is
 * hydrated, it is the date: a page may be old by then, and knows neither the clock nor the time zone of its reader.
 */
export function RelativeTime({ at, now }: { at: string; now: string }): ReactElement {
  const { locale } = useKeywell()
  const isHydrated = useSyncExternalStore(neverChanges, inBrowser, onServer)
  const [, setRound] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => setRound((round) => round + 1), minuteMs)
    return () => clearInterval(timer)
  }, [])
  const time = Date.parse(at)
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, options).format(time)
  if (!isHydrated) {
    return <time dateTime={at}>{format({ dateStyle: 'long', timeZone: 'UTC' })}</time>
  }
  return (
    <time dateTime={at} title={format({ dateStyle: 'long', timeStyle: 'short' })}>
      {relativeTime(locale, time - Date.now(), now)}
    </time>
  )
}

const neverChanges = () => () => {}
const inBrowser = () => true
const onServer = () => false
