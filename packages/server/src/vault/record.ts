import { lengthPrefixed, type RandomBytes, readU32, u32 } from './bytes.ts'
import {
  envelopeOverheadBytes,
  type LendKey,
  openEnvelope,
  readKeyVersion,
  sealEnvelope,
} from './envelope.ts'
import { VaultError } from './errors.ts'

/**
 * What a record is sealed for. It opens under exactly this and nothing else, so everything belongs
 * here that decides whose secret it is and where it may be sent, and nothing that changes without
 * sealing again (no status, no time).
 */
export type RecordContext = {
  type:
    | 'credential'
    | 'orphan'
    | 'integration'
    | 'flow'
    | 'endpoint'
    | 'install'
    | 'approval'
    | 'tool_call'
  /** Of the authenticated request or the claimed row's own key; never read from the record. */
  tenantId: string
  recordId: string
  field: string
  /** Generation of a credential, revision of an integration, version of a key; 0 for a flow. */
  generation: number
  /** Version of the body's own format. */
  schema: number
  /** By type: user, integration and host; host and client id; connect session and integration. */
  bound: readonly string[]
}

/** Longest body in bytes; with its length and padding it fills 64 KiB. */
export const maxBodyBytes = 65_532

const label = 'keywell/1/record'
const lengthBytes = 4
/** Sizes grow in these steps, so that a row's size reveals little about the token in it. */
const paddingStep = 128
const maxRecordBytes = lengthBytes + maxBodyBytes + envelopeOverheadBytes

/** @throws VaultError `too_large` */
export async function sealRecord(
  lendKey: LendKey,
  input: { context: RecordContext; keyVersion: number; body: Uint8Array; randomBytes: RandomBytes },
): Promise<Uint8Array> {
  const plaintext = pad(input.body)
  try {
    const context = contextBytes(input.context)
    const { keyVersion, randomBytes } = input
    return await sealEnvelope(lendKey, { label, keyVersion, context }, plaintext, randomBytes)
  } finally {
    plaintext.fill(0)
  }
}

/**
 * @param keyOf finds the key of the version that the record names; no other is ever tried
 * @throws VaultError `format`, `key_commit`, `tampered` or `padding`
 */
export async function openRecord(
  keyOf: (keyVersion: number) => LendKey,
  context: RecordContext,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  // A copy, so that the bytes cannot change between two checks (a Buffer's `slice` is none).
  const record = new Uint8Array(sealed)
  const keyVersion = readKeyVersion(record, maxRecordBytes)
  const keys = keyOf(keyVersion)
  const plaintext = await openEnvelope(keys, { label, context: contextBytes(context) }, record)
  try {
    return unpad(plaintext)
  } finally {
    plaintext.fill(0)
  }
}

function contextBytes({ type, tenantId, recordId, field, ...rest }: RecordContext): Uint8Array {
  return lengthPrefixed(
    type,
    tenantId,
    recordId,
    field,
    rest.generation,
    rest.schema,
    ...rest.bound,
  )
}

function pad(body: Uint8Array): Uint8Array {
  if (body.length > maxBodyBytes) {
    throw new VaultError(
      'too_large',
      `a body has at most ${maxBodyBytes} bytes, not ${body.length}`,
    )
  }
  const steps = Math.ceil((lengthBytes + body.length) / paddingStep)
  const plaintext = new Uint8Array(steps * paddingStep)
  plaintext.set(u32(body.length))
  plaintext.set(body, lengthBytes)
  return plaintext
}

function unpad(plaintext: Uint8Array): Uint8Array {
  const length = plaintext.length < lengthBytes ? Number.NaN : readU32(plaintext, 0)
  const end = lengthBytes + length
  const whole = plaintext.length === Math.ceil(end / paddingStep) * paddingStep
  if (!whole || plaintext.subarray(end).some((byte) => byte !== 0)) {
    throw new VaultError('padding', 'the record was sealed with a wrong length or padding')
  }
  return plaintext.slice(lengthBytes, end)
}
