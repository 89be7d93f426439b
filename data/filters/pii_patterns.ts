import { isPublicIpv4, isPublicIpv6 } from "./ip_address.ts";

/** A kind of personal data or secret. */
export type PiiKind = "email" | "ip" | "phone" | "card" | "key";

/** A place in a text, in UTF-16 units. */
export interface PiiMatch {
  kind: PiiKind;
  start: number;
  end: number;
  /** What to put there; one of them. */
  replacements: readonly string[];
}

/** How one shape is found and what may stand in its place. */
interface Shape {
  kind: PiiKind;
  /** Takes time linear in the text, whatever the text. */
  pattern: RegExp;
  /** Whether what the pattern found is what it looks like. */
  test?(found: string): boolean;
  /** None of them is found again. */
  replacements: readonly string[];
}

/** Keys and tokens of well-known shapes, by what they begin with. */
const KEYS = [
  "(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA)[A-Z0-9]{16}", // AWS
  "gh[oprsu]_[A-Za-z0-9]{36,251}", // GitHub
  "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
  "glpat-[\\w-]{20,300}", // GitLab
  "xox[abeoprs]-[A-Za-z0-9-]{10,250}", // Slack
  "xapp-\\d-[A-Z0-9]{5,20}-\\d{5,20}-[a-z0-9]{20,200}",
  "sk-(?=[\\w-]{0,200}\\d)(?=[\\w-]{0,200}[A-Z])[\\w-]{20,250}", // OpenAI, Anthropic
  "[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}", // Stripe
  "AIza[\\w-]{35}", // Google
  "ya29\\.[\\w-]{20,500}",
  "hf_[A-Za-z]{34,40}", // Hugging Face
  "npm_[A-Za-z0-9]{36}",
  "pypi-AgE[\\w-]{50,300}",
  "SG\\.[\\w-]{22}\\.[\\w-]{43}", // SendGrid
  "eyJ[\\w-]{10,4000}\\.eyJ[\\w-]{5,8000}\\.[\\w-]{0,2000}", // JSON web token
];
const SLACK_WEBHOOK = "(?<=hooks\\.slack\\.com/services/)T\\w{5,15}/B\\w{5,15}/\\w{20,40}";
const AWS_SECRET =
  /(?<=aws_?(?:secret_?)?(?:access_?)?key(?:_?id)?["']?\s{0,3}[:=]\s{0,3}["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/gi;
const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s:,.\\]|-(?!----))*-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----/g;

const SECRET = ["[SECRET]"];
const IPV4_EXAMPLES = ["192.0.2.1", "192.0.2.17", "198.51.100.4", "198.51.100.99", "203.0.113.8"];
const IPV6_EXAMPLES = ["2001:db8::1", "2001:db8::5a", "2001:db8:0:7::12"];
const PHONE_EXAMPLES = ["+1 202-555-0104", "+1 202-555-0137", "+1 202-555-0162", "+1 202-555-0189"];

/** In the order in which one has it before another where they overlap from the same place on. */
const SHAPES: readonly Shape[] = [
  { kind: "key", pattern: PRIVATE_KEY, replacements: SECRET },
  {
    kind: "key",
    pattern: new RegExp(`(?<![\\w-])(?:${KEYS.join("|")})(?![A-Za-z0-9_])`, "g"),
    replacements: SECRET,
  },
  { kind: "key", pattern: new RegExp(SLACK_WEBHOOK, "g"), replacements: SECRET },
  { kind: "key", pattern: AWS_SECRET, replacements: SECRET },
  {
    kind: "card",
    pattern:
      /(?<![\w.]|\d[ -])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{3})?|\d{4}([ -])\d{6}\2\d{4,5})(?![\w]|[.-]\d)/g,
    test: isCardNumber,
    replacements: ["[CARD]"],
  },
  {
    kind: "phone",
    pattern:
      /(?<![\w.+])\+(?:\d{8,15}|\d{1,3}(?:[ .-]?\(\d{1,5}\)[ .-]?\d{1,8}|[ .-]\d{1,8}){1,6})(?!\w)/g,
    test: (found) => {
      const digits = found.replaceAll(/\D/g, "").length;
      return digits >= 8 && digits <= 15 && !isFictional(found);
    },
    replacements: PHONE_EXAMPLES,
  },
  {
    kind: "phone",
    pattern:
      /(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d\d\) ?[2-9]\d\d[ .-]|[2-9]\d\d([.-])[2-9]\d\d\1)\d{4}(?![\w-]|\.\d)/g,
    test: (found) => !isFictional(found),
    replacements: PHONE_EXAMPLES,
  },
  {
    kind: "ip",
    pattern: /(?<![\w.])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?!\w|\.\d)/g,
    test: isPublicIpv4,
    replacements: IPV4_EXAMPLES,
  },
  {
    kind: "ip",
    pattern: /(?<![\w:.])[23][\da-f]{3}(?::[\da-f]{0,4}){2,7}(?![\w:])/gi,
    test: isPublicIpv6,
    replacements: IPV6_EXAMPLES,
  },
];

const EMAIL_EXAMPLES = [
  "email@example.com",
  "firstname.lastname@example.org",
  "name@example.net",
];
const LOCAL_PART = /[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/;
const LONGEST_LOCAL_PART = 64;
const DOMAIN =
  /(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,10}[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])(?![A-Za-z0-9])/y;

/** Finds personal data and secrets, in the order of the text; matches do not overlap. */
export function findPii(text: string, kinds: ReadonlySet<PiiKind>): PiiMatch[] {
  const found = kinds.has("email") ? findEmails(text) : [];
  const hasDigits = /\d/.test(text);
  for (const { kind, pattern, test, replacements } of SHAPES) {
    if (!kinds.has(kind) || (!hasDigits && kind !== "key")) continue;
    for (const { 0: match, index } of text.matchAll(pattern)) {
      if (test && !test(match)) continue;
      found.push({ kind, start: index, end: index + match.length, replacements });
    }
  }
  if (found.length < 2) return found;
  found.sort((a, b) => a.start - b.start); // keeps the order of equals
  let end = 0;
  return found.filter((match) => {
    if (match.start < end) return false;
    end = match.end;
    return true;
  });
}

/** Begins at each `@`, since there are few: letters that may begin an address are everywhere. */
function findEmails(text: string): PiiMatch[] {
  const found: PiiMatch[] = [];
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    let start = at;
    const earliest = Math.max(at - LONGEST_LOCAL_PART, found.at(-1)?.end ?? 0);
    while (start > earliest && LOCAL_PART.test(text[start - 1])) start--;
    while (start < at && !/[A-Za-z0-9]/.test(text[start])) start++;
    if (start === at || text[at - 1] === ".") continue;
    DOMAIN.lastIndex = at + 1;
    const domain = DOMAIN.exec(text)?.[0];
    if (domain === undefined || /^example\.(?:com|net|org)$/i.test(domain)) continue;
    found.push({ kind: "email", start, end: DOMAIN.lastIndex, replacements: EMAIL_EXAMPLES });
  }
  return found;
}

/** North American numbers from 555-0100 to 555-0199 belong to nobody. */
function isFictional(phone: string): boolean {
  return /555.?01\d\d$/.test(phone);
}

/** Prefixes of card numbers and the lengths they come in. */
const CARDS = [
  { prefix: /^4/, lengths: [13, 16, 19] },
  { prefix: /^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, lengths: [16] },
  { prefix: /^3[47]/, lengths: [15] },
  { prefix: /^(?:30[0-5]|3[689])/, lengths: [14, 16, 19] },
  { prefix: /^35(?:2[89]|[3-8])/, lengths: [16, 19] },
  { prefix: /^(?:6011|64[4-9]|65|62)/, lengths: [16, 17, 18, 19] },
];

/** Whether digits are a card number: a known prefix, its length and Luhn's check digit. */
function isCardNumber(found: string): boolean {
  const digits = found.replaceAll(/[ -]/g, "");
  const isKnown = CARDS.some(({ prefix, lengths }) =>
    prefix.test(digits) && lengths.includes(digits.length)
  );
  if (!isKnown) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (1 + i % 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}
