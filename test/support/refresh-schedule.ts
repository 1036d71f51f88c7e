/** The statements behind the worker's claims, for the bench that times them one by one. */
export { claimDue } from '../../packages/server/src/store/due-claims.ts'
export type { Claim } from '../../packages/server/src/store/refresh-claim.ts'
export { recordSuccess } from '../../packages/server/src/store/refresh-outcomes.ts'
