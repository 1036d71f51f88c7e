export type IconName = 'check' | 'alert' | 'more'

/** Drawn with one stroke on a square of 16. */
export const iconPaths: Readonly<Record<IconName, string>> = {
  check: 'm3.5 8.5 3 3 6-7',
  alert: 'M8 3.5v5M8 12v.1',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
}
