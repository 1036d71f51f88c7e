import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pixelmatch from 'pixelmatch'
import { PNG } from 'pngjs'

/**
 * Kept pictures, and what a run's pictures are compared with.
 *
 * Letters differ from machine to machine: other fonts, another browser, another rasteriser. So the pictures are
 * taken in a font that comes from npm, and the first picture of a folder, `letters.png`, is a sample of all that such
 * differences show in: letters, a round corner, a shadow, a mixed colour. Only where a run draws that sample as it is
 * kept, pixel by pixel, are its pictures compared with the kept ones. Elsewhere they are compared with those of the
 * last run on that machine, and the test says so.
 */

/** What may differ without notice. */
export const tolerance = {
  /** How far a pixel's colour may be off, from 0 to 1, in pixelmatch's measure of what eyes see. */
  color: 0.05,
  /** How many pixels of a sheet may be further off. */
  pixels: 6,
} as const

/** Each sheet is this many times smaller than what the browser showed: enough to see a border, and a few kB. */
const reduction = 3

const lettersName = 'letters'

export interface Compared {
  /** Sections whose picture differs, with the number of pixels. */
  readonly different: readonly { name: string; pixels: number; picture: string }[]
  /** Sections that were compared. */
  readonly same: readonly string[]
  /** Sections without a kept picture; it was written. */
  readonly written: readonly string[]
  /** Kept pictures of no section. */
  readonly stale: readonly string[]
  readonly folder: string
  /** The folder is the kept one, and not that of this machine. */
  readonly isKept: boolean
}

/**
 * Compares sheets, by name, with those of a folder.
 *
 * @param folders `kept` in the repository; `machine` for pictures of machines that draw other letters; `differences`
 *   for the pictures of sheets that differ
 */
export function compareSheets(
  sheets: ReadonlyMap<string, PNG>,
  letters: PNG,
  folders: { kept: string; machine: string; differences: string },
): Compared {
  const isKept = holdsLetters(folders.kept, letters) ?? true
  const isThisMachine = isKept || holdsLetters(folders.machine, letters)
  const folder = isKept ? folders.kept : folders.machine
  // Pictures of letters that this machine drew before, in another browser or font.
  const isUsable = isThisMachine === true
  mkdirSync(folder, { recursive: true })
  write(folder, lettersName, letters)
  const same: string[] = []
  const written: string[] = []
  const different: Compared['different'][number][] = []
  for (const [name, sheet] of sheets) {
    const kept = isUsable ? read(folder, name) : undefined
    if (kept === undefined) {
      write(folder, name, sheet)
      written.push(name)
      continue
    }
    const { pixels, picture } = differenceOf(kept, sheet)
    if (pixels <= tolerance.pixels) same.push(name)
    else {
      mkdirSync(folders.differences, { recursive: true })
      const paths = write(folders.differences, name, picture)
      different.push({ name, pixels, picture: paths })
    }
  }
  const stale = readdirSync(folder)
    .map((file) => file.replace(/\.png$/, ''))
    .filter((name) => name !== lettersName && !sheets.has(name))
  return { different, same, written, stale, folder, isKept }
}

/** What a run says of itself. */
export function summaryOf(compared: Compared): string {
  const { different, same, written, stale, folder, isKept } = compared
  const count = different.length + same.length
  const lines = [
    `Pictures: ${count} sections compared with ${folder} (up to ${tolerance.pixels} pixels of a sheet may differ).`,
  ]
  if (!isKept)
    lines.push('This browser draws other letters than the kept pictures, which were not compared.')
  if (written.length > 0)
    lines.push(`Nothing to compare with yet, and written now: ${written.join(', ')}.`)
  if (stale.length > 0) lines.push(`Kept, and of no section: ${stale.join(', ')}.`)
  for (const { name, pixels, picture } of different) {
    lines.push(
      `${name}: ${pixels} pixels differ, see ${picture}. If it is meant, delete ${join(folder, `${name}.png`)} and run this again.`,
    )
  }
  return lines.join('\n')
}

/** Pictures below each other, reduced. Cut to the widest of them. */
export function sheetOf(pictures: readonly PNG[]): PNG {
  const small = pictures.map(reduced)
  const width = Math.max(...small.map((picture) => picture.width))
  const height = small.reduce((sum, picture) => sum + picture.height, 0)
  const sheet = new PNG({ width, height })
  // What no picture covers is white, and not transparent: a file keeps no transparency.
  sheet.data.fill(255)
  let top = 0
  for (const picture of small) {
    PNG.bitblt(picture, sheet, 0, 0, picture.width, picture.height, 0, top)
    top += picture.height
  }
  return sheet
}

export function cut(picture: PNG, box: { x: number; y: number; width: number; height: number }) {
  const x = Math.max(0, Math.floor(box.x))
  const y = Math.max(0, Math.floor(box.y))
  const width = Math.min(Math.ceil(box.width), picture.width - x)
  const height = Math.min(Math.ceil(box.height), picture.height - y)
  const part = new PNG({ width, height })
  PNG.bitblt(picture, part, x, y, width, height, 0, 0)
  return part
}

/** The picture that shows where two differ, and in how many pixels. Other sizes differ in every pixel. */
export function differenceOf(kept: PNG, seen: PNG): { pixels: number; picture: PNG } {
  const { width, height } = seen
  if (kept.width !== width || kept.height !== height) {
    return { pixels: width * height, picture: seen }
  }
  const picture = new PNG({ width, height })
  const pixels = pixelmatch(kept.data, seen.data, picture.data, width, height, {
    threshold: tolerance.color,
    includeAA: true,
  })
  return { pixels, picture }
}

/** Whether the folder's letters are these; undefined without any. */
function holdsLetters(folder: string, letters: PNG): boolean | undefined {
  const kept = read(folder, lettersName)
  if (kept === undefined) return undefined
  return kept.width === letters.width && kept.data.equals(letters.data)
}

function read(folder: string, name: string): PNG | undefined {
  const path = join(folder, `${name}.png`)
  return existsSync(path) ? PNG.sync.read(readFileSync(path)) : undefined
}

function write(folder: string, name: string, picture: PNG): string {
  const path = join(folder, `${name}.png`)
  writeFileSync(path, PNG.sync.write(picture, { colorType: 2 }))
  return path
}

/** Each square of pixels as their mean. */
function reduced({ data, width: fullWidth, height: fullHeight }: PNG): PNG {
  const width = Math.floor(fullWidth / reduction)
  const height = Math.floor(fullHeight / reduction)
  const small = new PNG({ width, height })
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let channel = 0; channel < 4; channel += 1) {
        let sum = 0
        for (let dy = 0; dy < reduction; dy += 1) {
          for (let dx = 0; dx < reduction; dx += 1) {
            const at = ((y * reduction + dy) * fullWidth + x * reduction + dx) * 4
            sum += data[at + channel] ?? 0
          }
        }
        small.data[(y * width + x) * 4 + channel] = Math.round(sum / reduction ** 2)
      }
    }
  }
  return small
}
