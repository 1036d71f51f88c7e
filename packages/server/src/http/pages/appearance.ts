/** How the service's pages look: the operator's name, logo and colour of the app. */
export interface Appearance {
  /** Default: the host of the app. */
  name?: string | undefined
  /** `#rrggbb`; of buttons and links. Default: black, and white in the dark. */
  color?: string | undefined
  logo?: Logo | undefined
}

export interface Logo {
  type: 'image/png' | 'image/jpeg' | 'image/webp' | 'image/svg+xml'
  bytes: Uint8Array
}

/** Of the cards that everything stands on. */
const cards = { light: '#ffffff', dark: '#1b1d23' } as const
const defaultColors = { light: '#1c1f26', dark: '#eceef2' } as const
/** Of a button against its card, and of a text against its ground (WCAG 2.2, 1.4.11 and 1.4.3). */
const leastContrast = { shape: 3, text: 4.5 } as const

export interface Colors {
  accent: string
  onAccent: string
  /** The accent as a text on the card. */
  accentText: string
}

/**
 * The colours of a scheme. A colour that would be lost on the card is moved towards white or black until it is not, and
 * what is written on it is the one of the two that can be read.
 */
export function colorsOf(color: string | undefined, scheme: 'light' | 'dark'): Colors {
  const card = cards[scheme]
  const base = color ?? defaultColors[scheme]
  const accent = movedTo(base, card, leastContrast.shape)
  // Whatever the accent, one of the two has a contrast of 4.58 to it or more.
  const onAccent =
    contrastOf(accent, '#ffffff') >= contrastOf(accent, '#000000') ? '#ffffff' : '#000000'
  return { accent, onAccent, accentText: movedTo(base, card, leastContrast.text) }
}

function movedTo(color: string, ground: string, contrast: number): string {
  const goal = luminanceOf(ground) > 0.5 ? '#000000' : '#ffffff'
  for (let part = 0; part < 1; part += 0.05) {
    const moved = mix(color, goal, part)
    if (contrastOf(moved, ground) >= contrast) return moved
  }
  return goal
}

function mix(color: string, other: string, part: number): string {
  const [from, to] = [channelsOf(color), channelsOf(other)]
  const mixed = from.map((channel, at) => Math.round(channel + ((to[at] ?? 0) - channel) * part))
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

/** WCAG 2.2, contrast ratio. */
export function contrastOf(color: string, other: string): number {
  const [dark = 0, light = 0] = [luminanceOf(color), luminanceOf(other)].sort((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** WCAG 2.2, relative luminance. */
function luminanceOf(color: string): number {
  const [red = 0, green = 0, blue = 0] = channelsOf(color).map((channel) => {
    const part = channel / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function channelsOf(color: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16))
}

/** @throws TypeError for a colour that is none */
export function readAppearance(appearance: Appearance = {}): Appearance {
  const { color } = appearance
  if (color !== undefined && !/^#[0-9a-f]{6}$/i.test(color)) {
    throw new TypeError(`appearance.color: "${color}" is not like #1a73e8`)
  }
  return { ...appearance }
}
