/** The statements that keep a connection, for the test that compares them with their mirror in `model/`. */
export {
  advanceConnection,
  disconnectConnection,
  endConnection,
} from '../../packages/server/src/store/connections.ts'
export {
  deleteCredential,
  findKeptCredential,
  type KeptCredentialRow,
  replaceCredential,
} from '../../packages/server/src/store/credentials.ts'
export type { Sql } from '../../packages/server/src/store/database.ts'
export { deleteOrphan, findOrphan, insertOrphan } from '../../packages/server/src/store/orphans.ts'
export {
  type Claim,
  claimProbe,
  claimRefresh,
  deleteSchedule,
  endProbe,
  recordFailure,
  recordSuccess,
  restartIndeterminate,
} from '../../packages/server/src/store/refresh-schedule.ts'
export { insertRevocation, moveToRevocations } from '../../packages/server/src/store/revocations.ts'
