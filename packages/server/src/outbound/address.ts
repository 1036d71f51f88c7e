import ipaddr from 'ipaddr.js'

/** An IPv4 or IPv6 network in CIDR notation, parsed. */
export type Network = ReturnType<typeof ipaddr.parseCIDR>

/** Where IPv6 has been given out for global use. `ipaddr.js` calls `::/96` unicast too. */
const globalIpv6 = ipaddr.parseCIDR('2000::/3')

/**
 * Link-local addresses, and what clouds use for metadata outside of it: an answer from there can
 * hold the machine's own credentials, so no list of an operator ever opens them.
 */
const neverAllowed: readonly Network[] = [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '255.255.255.255/32',
  '100.100.100.200/32', // Alibaba Cloud
  '168.63.129.16/32', // Azure; lies in a public range
  '192.0.0.192/32', // Oracle Cloud
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32', // AWS
  'fd20:ce::254/128', // Google Cloud
].map((network) => ipaddr.parseCIDR(network))

/** Whether an address lies in the public internet. A text that is no address does not. */
export function isPublic(address: string): boolean {
  const parsed = parse(address)
  if (!parsed || within(parsed, neverAllowed) || parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || within(parsed, [globalIpv6])
}

/** Whether an address lies in one of the networks, and in none that can never be listed. */
export function isListed(address: string, networks: readonly Network[]): boolean {
  const parsed = parse(address)
  return parsed !== undefined && !within(parsed, neverAllowed) && within(parsed, networks)
}

/**
 * @throws TypeError when the text is no network, or one that lies wholly where nobody may go
 */
export function parseNetwork(text: string): Network {
  if (!ipaddr.isValidCIDR(text)) {
    throw new TypeError(`"${text}" is not a network; write it as 10.0.0.0/8 or fd12::/48`)
  }
  const [address, bits] = ipaddr.parseCIDR(text)
  if (neverAllowed.some((never) => bits >= never[1] && within(address, [never])))
    throw new TypeError(`"${text}" can hold cloud metadata and cannot be listed`)
  return [address, bits]
}

/** The IPv4 address inside an IPv4-mapped one is what the socket connects to. */
function parse(address: string): ReturnType<typeof ipaddr.process> | undefined {
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined
}

function within(address: Network[0], networks: readonly Network[]): boolean {
  return networks.some((network) => address.kind() === network[0].kind() && address.match(network))
}
