/** Ranges of IPv4 that are no single public host (RFC 6890 and the multicast range). */
const SPECIAL_IPV4 = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 3],
] as const;

/** Whether four numbers with points between them are the address of a public host. */
export function isPublicIpv4(text: string): boolean {
  const octets = text.split(".").map(Number);
  if (octets.length !== 4 || octets.some((octet) => !(octet <= 255))) return false;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return SPECIAL_IPV4.every(([network, bits]) =>
    address < network || address >= network + 2 ** (32 - bits)
  );
}

/** Whether a text is the address of a public host by IPv6: 2000::/3 less the ranges for examples. */
export function isPublicIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const [head, tail = []] = halves.map((half) => half === "" ? [] : half.split(":"));
  if ([...head, ...tail].some((group) => !/^[\da-f]{1,4}$/i.test(group))) return false;
  const given = head.length + tail.length;
  if (halves.length === 1 ? given !== 8 : given > 7) return false;
  const groups = [...head, ...Array(8 - given).fill("0"), ...tail].map((hex) => parseInt(hex, 16));
  const isExample = (groups[0] === 0x2001 && groups[1] === 0xdb8) ||
    (groups[0] === 0x3fff && groups[1] < 0x1000);
  return groups[0] >>> 13 === 1 && !isExample;
}
