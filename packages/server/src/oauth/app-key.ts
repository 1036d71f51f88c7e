/** The private key of an app that signs. */
import {
  type AppMethod,
  KeywellError,
  type ProviderDefinition,
  type Secret,
} from '@keywell/protocol'
import { readPrivateKey } from './assertion.ts'

/** What RS256 wants at least (RFC 7518 section 3.3), in bits. */
const minModulusBits = 2048

/**
 * The private key is there if the method signs, and is one of its algorithm. Nothing of what is in it is in an error.
 *
 * @throws KeywellError `invalid_request`
 */
export function requireKeyFor(
  { title }: Pick<ProviderDefinition, 'title'>,
  method: AppMethod,
  { privateKey }: { privateKey: Secret | null },
): void {
  const signs = method.kind === 'installation'
  if (signs && privateKey === null) {
    throw new KeywellError('invalid_request', 'privateKey: the app signs with it.', {
      nextStep: `Make one in the settings of the app at ${title}, and send the content of its file.`,
    })
  }
  if (!signs && privateKey !== null) {
    throw new KeywellError(
      'invalid_request',
      `privateKey: the method ${method.id} of ${title} signs nothing.`,
      { nextStep: 'Leave it out.' },
    )
  }
  if (privateKey === null || isRsaKey(privateKey)) return
  throw new KeywellError(
    'invalid_request',
    `privateKey: is no RSA key in PEM of ${minModulusBits} bits or more, without a password.`,
    { nextStep: 'Send the content of the whole file, its first and last line included.' },
  )
}

function isRsaKey(pem: Secret): boolean {
  try {
    const { asymmetricKeyType, asymmetricKeyDetails } = readPrivateKey(pem)
    return (
      asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= minModulusBits
    )
  } catch {
    return false
  }
}
