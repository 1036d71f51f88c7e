import { recordingLogger } from '../support/log-lines.ts'

/** As the service logs without a setting. A stage logs at `debug` otherwise, which costs a line for each request. */
export const atInfo = recordingLogger(() => {}, 'info')
