/** Of four digits the years that have a 29 February. */
const LEAP_YEAR = String.raw`(?:\d\d(?:0[48]|[2468][048]|[13579][26])|` +
  String.raw`(?:[02468][048]|[13579][26])00)`;
const DATE = String.raw`(?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|` +
  String.raw`(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|${LEAP_YEAR}-02-29)`;
const TIME = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?` +
  String.raw`(?:Z|[+\-](?:[01]\d|2[0-3]):[0-5]\d)`;
const COUNT = String.raw`\d{1,9}`;
const DURATION_TIME =
  `T(?:${COUNT}H(?:${COUNT}M(?:${COUNT}S)?)?|${COUNT}M(?:${COUNT}S)?|${COUNT}S)`;
const DURATION_DATE =
  `(?:${COUNT}Y(?:${COUNT}M(?:${COUNT}D)?)?|${COUNT}M(?:${COUNT}D)?|${COUNT}D)(?:${DURATION_TIME})?`;
/** Eight labels of thirty characters stay within the 253 that a name may have. */
const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9\\-]{0,28}[A-Za-z0-9])?";
const ATOM = "[A-Za-z0-9!#$%&'*+\\/=?^_`{|}~\\-]{1,16}";
const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = `${OCTET}(?:\\.${OCTET}){3}`;

/**
 * The formats of a JSON schema's strings as regular expressions; sources: RFC 3339 (dates, times,
 * durations), RFC 1123 (host names), RFC 5322 (addresses), RFC 3986 (IPv6), RFC 9562 (UUIDs).
 */
export const STRING_FORMATS: Readonly<Record<string, string>> = {
  "date-time": `${DATE}T${TIME}`,
  time: TIME,
  date: DATE,
  duration: `P(?:${DURATION_DATE}|${DURATION_TIME}|${COUNT}W)`,
  email: `${ATOM}(?:\\.${ATOM}){0,3}@${LABEL}(?:\\.${LABEL}){1,4}`,
  hostname: `${LABEL}(?:\\.${LABEL}){0,7}`,
  ipv4: IPV4,
  ipv6: ipv6(),
  uuid: "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
};

/** Eight groups, the last two perhaps an IPv4 address, where `::` stands for one or more of zeros. */
function ipv6(): string {
  const group = "[0-9a-fA-F]{1,4}";
  const tail = `(?:${group}:${group}|${IPV4})`;
  const alternatives = [`(?:${group}:){6}${tail}`];
  for (let before = 0; before <= 7; before++) {
    const head = before === 0 ? "" : `${group}(?::${group}){0,${before - 1}}`;
    const left = 7 - before; // at most so many groups behind
    const ends = [""];
    if (left >= 1) ends.push(`${group}(?::${group}){0,${left - 1}}`);
    if (left >= 2) ends.push(`(?:${group}:){0,${left - 2}}${IPV4}`);
    alternatives.push(`${head}::(?:${ends.join("|")})`);
  }
  return alternatives.join("|");
}
