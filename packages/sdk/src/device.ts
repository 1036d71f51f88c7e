import {
  type ConfirmDevice,
  type DeviceFlow,
  type DeviceStart,
  routes,
  type StartDevice,
} from '@keywell/protocol'
import { type CacheChange, cacheChangeOf } from './cache/cache-change.ts'
import type { CallOptions, Service } from './service.ts'

/** Names a flow that `start` began. */
export interface DeviceReference {
  readonly flowId: string
  readonly tenantId: string
}

/** The service answers by then at the latest, in milliseconds. */
const maxWaitMs = 25_000

/**
 * Connecting from a terminal or an agent: a person types a code at the provider (RFC 8628).
 *
 *     const { flowId, userCode, verificationUri } = await keywell.connect.device.start({
 *       ...user,
 *       provider: 'buildkite',
 *       device: true,
 *     })
 *     console.log(`Enter ${userCode} at ${verificationUri}`)
 *     const { status, account } = await keywell.connect.device.wait({ flowId, tenantId })
 *     // Show whose account it is, and ask whether it is theirs.
 *     await keywell.connect.device.confirm({ ...user, flowId, accountId: account.id })
 */
export class Device {
  readonly #service: Service
  readonly #notify: (change: CacheChange) => void
  readonly #waitMs: number

  /**
   * @param notify called with a change that an answer shows, before the change stream brings it
   * @param requestTimeoutMs of one call; a wait is many
   */
  constructor(service: Service, notify: (change: CacheChange) => void, requestTimeoutMs: number) {
    this.#service = service
    this.#notify = notify
    this.#waitMs = Math.min(maxWaitMs, Math.floor(requestTimeoutMs / 2))
  }

  /**
   * Asks the provider for a code. The service polls for what becomes of it. `device: true` says that your backend knows
   * that anybody can be talked into typing a code.
   *
   * Throws `method_not_offered` where the provider has no device authorisation, `provider_error` where it gives no code.
   */
  async start(request: StartDevice, options?: CallOptions): Promise<DeviceStart> {
    return this.#service.request(
      routes.device.start,
      'connect.device.start',
      { body: request },
      options,
    )
  }

  /**
   * Waits until somebody has decided, or the code is over: ten minutes or so. The status is `confirming` when it was
   * approved, and `account` says by whom; else one of the ends. The signal ends the wait, and nothing else.
   */
  async wait(flow: DeviceReference, options?: CallOptions): Promise<DeviceFlow> {
    for (;;) {
      const query = { ...flow, waitMs: this.#waitMs }
      const found = await this.#service.request(
        routes.device.get,
        'connect.device.wait',
        { params: flow, query },
        options,
      )
      if (found.status !== 'started') return found
    }
  }

  /**
   * Connects the account, for the user who asked for the code. Show them `account` first: a code that another person
   * approved would connect that person's account. Nothing is stored before this call.
   *
   * Throws `account_mismatch` when another account approved; the attempt has ended then, and the grant is withdrawn.
   */
  async confirm(
    { flowId, ...body }: ConfirmDevice & { readonly flowId: string },
    options?: CallOptions,
  ): Promise<DeviceFlow> {
    const answer = await this.#service.request(
      routes.device.confirm,
      'connect.device.confirm',
      { params: { flowId }, body },
      options,
    )
    if (answer.connection !== null) this.#notify(cacheChangeOf('connected', answer.connection))
    return answer
  }
}
