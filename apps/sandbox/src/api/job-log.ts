import type { Job } from '../store/ci.ts'

/** One made-up line of a long log: 100 bytes, a character of four bytes among them. */
const line = `${'the quick brown fox jumps over the lazy dog '.repeat(2)}\u{1F98A} \n`.padStart(
  99,
  '-',
)

/** The log as it is downloaded: plain text, the made-up lines first. */
export function logOf({ log, logPaddingBytes }: Job): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(log)
  const whole = new Uint8Array(logPaddingBytes + text.length)
  const padding = new TextEncoder().encode(line)
  for (let at = 0; at < logPaddingBytes; at += padding.length) {
    whole.set(padding.subarray(0, logPaddingBytes - at), at)
  }
  whole.set(text, logPaddingBytes)
  return whole
}
