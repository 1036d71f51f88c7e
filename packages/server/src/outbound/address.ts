import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** An IPv4 or IPv6 network in CIDR notation, parsed. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>

/** Where IPv6 has been given out for global use. `ipaddr.js` calls `::/96` unicast too. */
const globalIpv6 = ipaddr.parseCIDR('2000::/3')

const neverAllowedIpv4 = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure; lies in a public range
  '192.0.0.192/32', // Oracle Cloud
]

/**
 * Link-local addresses, and what clouds use for metadata outside of it: an answer from there can
 * hold the machine's own credentials, so no list of an operator ever opens them. Nor does one open
 * what carries an IPv4 address in a place of its own, for behind it may be one of these.
 */
const neverAllowed: readonly Network[] = [
  ...neverAllowedIpv4,
  // A network without IPv4 reaches all of it through NAT64, so that range alone may be listed.
  ...neverAllowedIpv4.map((network) => `64:ff9b::${prefixedBy(96, network)}`),
  '64:ff9b:1::/48', // NAT64 in forms of one's own
  '::/96', // IPv4-compatible, and the zero address; loopback is let through below
  '::ffff:0:0:0/96', // IPv4-translated
  '2001::/32', // Teredo
  '2002::/16', // 6to4
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32', // AWS
  'fd00:42::42/128', // Scaleway
  'fd20:ce::254/128', // Google Cloud
].map((network) => ipaddr.parseCIDR(network))

/** Whether an address lies in the public internet. A text that is no address does not. */
export function isPublic(address: string): boolean {
  const parsed = parse(address)
  if (!parsed || isNeverAllowed(parsed) || parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || within(parsed, [globalIpv6])
}

/** Whether an address lies in one of the networks, and in none that can never be listed. */
export function isListed(address: string, networks: readonly Network[]): boolean {
  const parsed = parse(address)
  return parsed !== undefined && !isNeverAllowed(parsed) && within(parsed, networks)
}

/**
 * @throws TypeError when the text is not a network, or when all of its addresses are always refused
 */
export function parseNetwork(text: string): Network {
  if (!ipaddr.isValidCIDR(text)) {
    throw new TypeError(`"${text}" is not a network; write it as 10.0.0.0/8 or fd12::/48`)
  }
  const [address, bits] = unmapped(ipaddr.parseCIDR(text))
  const isShut = neverAllowed.some((never) => bits >= never[1] && within(address, [never]))
  if (isShut && !isLoopback(address)) {
    throw new TypeError(`"${text}" can hold cloud metadata and cannot be listed`)
  }
  return [address, bits]
}

function isNeverAllowed(address: Network[0]): boolean {
  return within(address, neverAllowed) && !isLoopback(address)
}

/** `::1` lies in the IPv4-compatible range, and carries nothing. */
function isLoopback(address: Network[0]): boolean {
  return address.range() === 'loopback'
}

/** The IPv4 address inside an IPv4-mapped one is what the socket connects to. */
function parse(address: string): Network[0] | undefined {
  switch (isIP(address)) {
    case 4:
      return ipaddr.parse(address)
    case 6:
      return ipaddr.process(hexadecimal(address))
    default:
      return undefined
  }
}

/** `::8.8.8.8` as `::808:808`, since `ipaddr.js` takes the first for an IPv4-mapped address. */
function hexadecimal(ipv6: string): string {
  const [withoutZone] = ipv6.split('%', 1)
  return new URL(`http://[${withoutZone}]`).hostname.slice(1, -1)
}

/** `::ffff:10.0.0.0/104` is `10.0.0.0/8`. */
function unmapped([address, bits]: Network): Network {
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96
  return isMapped ? [address.toIPv4Address(), bits - 96] : [address, bits]
}

/** `10.0.0.0/8` after a prefix of 96 bits is `10.0.0.0/104`. */
function prefixedBy(prefixBits: number, network: string): string {
  const [address, bits] = network.split('/')
  return `${address}/${prefixBits + Number(bits)}`
}

function within(address: Network[0], networks: readonly Network[]): boolean {
  return networks.some((network) => address.kind() === network[0].kind() && address.match(network))
}
