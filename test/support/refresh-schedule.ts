/** The statements behind the worker's claims, for the bench that times them one by one. */
export {
  type Claim,
  claimDue,
  recordSuccess,
} from '../../packages/server/src/store/refresh-schedule.ts'
