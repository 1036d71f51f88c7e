import { randomBytes } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { z } from 'zod'
import { objectStorage } from './api/artifacts.ts'
import { controlApi } from './control/api.ts'
import { Counters } from './control/counters.ts'
import { Faults } from './control/faults.ts'
import {
  type ApplicationInput,
  applicationInputSchema,
  type UserInput,
  userInputSchema,
} from './control/protocol.ts'
import { RefreshLog } from './control/refresh-log.ts'
import { registerApplication } from './control/registry.ts'
import { defaultSettings } from './control/settings.ts'
import type { Instance } from './instance.ts'
import { listen } from './listen.ts'
import { site } from './site.ts'
import { defaultUsers, seedState } from './store/seed.ts'
import { Store } from './store/store.ts'

export interface SandboxOptions {
  /** Default: a free one. */
  port?: number
  /** Port of the control API, always on 127.0.0.1. Default: a free one. */
  controlPort?: number
  /** Only this machine can reach the sandbox: its passwords are printed on the sign-in page. */
  host?: '127.0.0.1' | 'localhost'
  /** How browsers and clients reach it, if not at host and port; relative root included. */
  publicUrl?: string
  /** Path of every route, such as `/gitlab`. Default: the path of `publicUrl`. */
  relativeRoot?: string
  /** Remembers everything over restarts. Holds tokens in clear: for development only. */
  dataFile?: string
  /** Registered at every start, and again after a reset. With a data file, give them a `clientId`. */
  applications?: ApplicationInput[]
  /** Instead of ada, grace and lin. The first three share the projects. */
  users?: UserInput[]
  /** Milliseconds since 1970. Default: the system's clock. */
  clock?: () => number
  /** From 0 up to 1, for faults that hit a share of the calls. */
  random?: () => number
}

export interface Sandbox {
  /** What to use as GitLab's address: relative root included, no slash at the end. */
  url: string
  /** For `sandboxControl`. */
  controlUrl: string
  /** Ends all listeners and every connection. */
  stop: () => Promise<void>
}

/** Starts a stand-in GitLab. Throws if a port is taken, an option is wrong, or the data file is none. */
export async function createSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, controlPort = 0, publicUrl, dataFile } = options
  const { clock = Date.now, random = Math.random } = options
  const root = readRoot(options.relativeRoot ?? (publicUrl ? new URL(publicUrl).pathname : ''))
  const users = z.array(userInputSchema).parse(options.users ?? defaultUsers)
  const applications = z.array(applicationInputSchema).parse(options.applications ?? [])

  const settings = { ...defaultSettings }
  const now = (): number => clock() + settings.clockOffsetMs
  const seed = () => seedState(users, now())
  const stopping = new AbortController()
  // One for every answer that a fault is holding back: more than Node takes for a leak.
  setMaxListeners(0, stopping.signal)
  let url = publicUrl?.replace(/\/$/, '') ?? ''
  let storageUrl = ''
  const instance: Instance = {
    store: new Store({ dataFile, initial: seed }),
    settings,
    faults: new Faults(random),
    counters: new Counters(),
    refreshes: new RefreshLog(),
    now,
    stopping: stopping.signal,
    url: () => url,
    storage: { url: () => storageUrl, key: randomBytes(32).toString('hex') },
    root,
  }
  const registerAll = (): void => {
    for (const application of applications) registerApplication(instance, application)
  }
  const reset = (): void => {
    Object.assign(settings, defaultSettings)
    instance.faults.clear()
    instance.counters.reset()
    instance.refreshes.reset()
    instance.store.replace(seed())
    registerAll()
  }

  registerAll()
  instance.store.save()
  const front = await listen(site(instance), host, port)
  if (url === '') url = `http://${host}:${front.port}${root}`
  const storage = await listen(objectStorage(instance), host, 0)
  storageUrl = `http://${host}:${storage.port}`
  try {
    const control = await listen(controlApi(instance, reset), '127.0.0.1', controlPort)
    const stop = async (): Promise<void> => {
      stopping.abort()
      await Promise.all([front.close(), storage.close(), control.close()])
    }
    return { url, controlUrl: `http://127.0.0.1:${control.port}`, stop }
  } catch (error) {
    await Promise.all([front.close(), storage.close()])
    throw error
  }
}

/** `gitlab/`, `/gitlab` and `/gitlab/` are all `/gitlab`. */
function readRoot(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  if (parts.some((part) => !/^[\w.-]+$/.test(part))) {
    throw new TypeError(`relative root ${path} must be made of letters, digits, dot and dash`)
  }
  return parts.map((part) => `/${part}`).join('')
}
