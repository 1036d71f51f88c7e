import type { Clock } from './clock.ts'
import { consonants, hexadecimal, randomText } from './random.ts'

/** One device that waits for a person (RFC 8628). */
export interface Device {
  clientId: string
  scopes: readonly string[]
  deviceCode: string
  userCode: string
  expiresAt: number
  intervalSeconds: number
  polledAt: number | null
  /** Who approved it; null if somebody denied it. */
  decision: { username: string } | null | undefined
  used: boolean
}

export type Poll =
  | { state: 'approved'; device: Device; username: string }
  | { state: 'slow_down'; intervalSeconds: number }
  | { state: 'pending' | 'denied' | 'expired' | 'unknown' | 'used' }

/** What RFC 8628 section 3.5 says that each `slow_down` adds. */
const slowDownSeconds = 5

export class Devices {
  readonly #clock: Clock
  readonly #lifetimeSeconds: number
  readonly #devices: Device[] = []

  constructor(clock: Clock, lifetimeSeconds: number) {
    this.#clock = clock
    this.#lifetimeSeconds = lifetimeSeconds
  }

  start({ clientId, scopes }: Pick<Device, 'clientId' | 'scopes'>): Device {
    const device: Device = {
      clientId,
      scopes,
      deviceCode: randomText(40, hexadecimal),
      userCode: `${randomText(4, consonants)}-${randomText(4, consonants)}`,
      expiresAt: this.#clock.now() + this.#lifetimeSeconds * 1_000,
      intervalSeconds: 5,
      polledAt: null,
      decision: undefined,
      used: false,
    }
    this.#devices.push(device)
    return device
  }

  /** The device that a person's code belongs to, while it waits. */
  waiting(userCode: string): Device | undefined {
    return this.#devices.find(
      (device) =>
        device.userCode === userCode.toUpperCase() &&
        device.decision === undefined &&
        !this.#clock.isPast(device.expiresAt),
    )
  }

  /** One poll; a poll that comes too early makes the interval longer. */
  poll(deviceCode: string, clientId: string): Poll {
    const device = this.#devices.find((each) => each.deviceCode === deviceCode)
    if (device === undefined || device.clientId !== clientId) return { state: 'unknown' }
    if (device.used) return { state: 'used' }
    if (this.#clock.isPast(device.expiresAt)) return { state: 'expired' }
    if (this.#isTooEarly(device)) {
      device.intervalSeconds += slowDownSeconds
      return { state: 'slow_down', intervalSeconds: device.intervalSeconds }
    }
    if (device.decision === undefined) return { state: 'pending' }
    device.used = true
    if (device.decision === null) return { state: 'denied' }
    return { state: 'approved', device, username: device.decision.username }
  }

  #isTooEarly(device: Device): boolean {
    const { polledAt, intervalSeconds } = device
    device.polledAt = this.#clock.now()
    return polledAt !== null && this.#clock.now() < polledAt + intervalSeconds * 1_000
  }
}
