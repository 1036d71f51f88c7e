/** Dates and names as people read them. Default of a language: the browser's own. */
const units = [
  ['year', 365 * 24 * 3600],
  ['month', 30 * 24 * 3600],
  ['week', 7 * 24 * 3600],
  ['day', 24 * 3600],
  ['hour', 3600],
  ['minute', 60],
] as const

/** `3 hours ago`; in the first minute, `now`. */
export function ago(iso: string, nowMs: number, language?: string): string {
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const seconds = (nowMs - Date.parse(iso)) / 1000
  const unit = units.find(([, length]) => seconds >= length)
  return unit
    ? relative.format(-Math.floor(seconds / unit[1]), unit[0])
    : relative.format(0, 'second')
}

/** `21 November 2026 at 14:05`. */
export function dateAndTime(iso: string, language?: string): string {
  const absolute = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'short' })
  return absolute.format(Date.parse(iso))
}

/** `Mira Sandoval` becomes `MS`. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter(Boolean)
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase()
}
