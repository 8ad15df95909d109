import { characterWords, invisibleCharacter, type OddCharacter } from '../odd-character.ts';
import {
  datePattern,
  parseDate,
  parseTimeOfDay,
  parseTimeZone,
  timeOfDayPattern,
  timeZonePattern,
} from './calendar.ts';
import { certificatePinPattern, parseCertificatePin } from './certificate-pin.ts';
import { cidrPattern, parseCidr } from './cidr.ts';
import { databaseUrlPattern, parseDatabaseUrl } from './database-url.ts';
import { durationPattern, parseDuration } from './duration.ts';
import { accepted, type FieldResult, refused } from './field-result.ts';
import { isHomePath, refusedHomePath } from './home-path.ts';
import { hostPortPattern, parseAddress, parseListenAddress } from './host-port.ts';
import { mistakenReference } from './mistaken-reference.ts';
import { NAME_PATTERN } from './name.ts';
import { parseCertificate, parsePrivateKey } from './pem.ts';
import { parseProbeRule, probeRulePattern } from './probe-rule.ts';
import { parseReleaseSource, releaseSourcePattern } from './release-source.ts';
import { parseServerName, serverNamePattern } from './server-name.ts';
import { parseSize, sizePattern } from './size.ts';
import {
  consoleUrlPattern,
  gatewayUrlPattern,
  parseConsoleUrl,
  parseGatewayUrl,
  parseIssuer,
  parseProxy,
  parseWebhook,
  proxyPattern,
} from './url.ts';

/**
 * What may be written into the file itself. `anything`: not secret. `reference`: only references.
 * `url`: a URL whose password, if it has one, is a reference.
 */
export type Literal = 'anything' | 'reference' | 'url';

type FieldKind = {
  readonly parse: (text: string) => FieldResult<unknown>;
  /** For editors: the form of a literal; the parser checks more. */
  readonly pattern: string;
  readonly literal: Literal;
  /** Its name in the documentation. */
  readonly words: string;
};

const name = new RegExp(NAME_PATTERN);

function parseName(text: string): FieldResult<string> {
  if (name.test(text)) return accepted(text);
  return refused(
    'INVALID_NAME',
    'must be a name',
    'Names consist of 1 to 63 letters, digits, dots, underscores, and hyphens, and begin with a letter or digit.',
  );
}

function parseText(text: string): FieldResult<string> {
  if (text.trim() !== '' && !text.includes('\0')) return accepted(text);
  return refused('EMPTY_VALUE', 'must not be empty', 'Set a value, or remove the field.');
}

/** A directory with a literal `$HOME` or `~` in its name is never what was meant. */
function parsePath(text: string): FieldResult<string> {
  if (isHomePath(text)) return refusedHomePath();
  if (mistakenReference(text) === undefined) return parseText(text);
  return refused('REFERENCE_SYNTAX', 'contains a variable that is not replaced', 'Write ${env:NAME}.');
}

/**
 * A password can contain anything that can be typed. One of our tokens cannot: a quotation mark is from a file of variables
 * whose reader keeps it (`docker run --env-file`), an equals sign from a whole line of such a file.
 */
function parseSecret(text: string): FieldResult<string> {
  const odd = invisibleCharacter(text) ?? (text.includes('pst_') ? strayInToken(text) : undefined);
  if (odd === undefined) return parseText(text);
  const place = [...text.slice(0, odd.index)].length + 1;
  return refused(
    'INVALID_SECRET',
    `contains the character ${odd.words} at position ${place} of ${[...text].length}`,
    'Store the secret on one line, without quotation marks or anything else before or after it.',
  );
}

function strayInToken(text: string): OddCharacter | undefined {
  const [found] = /[^\w-]/u.exec(text) ?? [];
  if (found === undefined) return undefined;
  return { index: text.indexOf(found), length: found.length, words: characterWords(found) };
}

/** The kinds of text that fields can have, each with its parser. */
export const fieldKinds = {
  name: { parse: parseName, pattern: NAME_PATTERN, literal: 'anything', words: 'name' },
  text: { parse: parseText, pattern: '\\S', literal: 'anything', words: 'text' },
  path: { parse: parsePath, pattern: '\\S', literal: 'anything', words: 'path' },
  duration: { parse: parseDuration, pattern: durationPattern, literal: 'anything', words: 'duration' },
  size: { parse: parseSize, pattern: sizePattern, literal: 'anything', words: 'size' },
  address: { parse: parseAddress, pattern: hostPortPattern, literal: 'anything', words: '`host:port`' },
  listen: {
    parse: parseListenAddress,
    pattern: hostPortPattern,
    literal: 'anything',
    words: '`host:port`, port 0 allowed',
  },
  serverName: {
    parse: parseServerName,
    pattern: serverNamePattern,
    literal: 'anything',
    words: 'host name',
  },
  cidr: { parse: parseCidr, pattern: cidrPattern, literal: 'anything', words: 'CIDR' },
  certificatePin: {
    parse: parseCertificatePin,
    pattern: certificatePinPattern,
    literal: 'anything',
    words: 'certificate pin',
  },
  gatewayUrl: {
    parse: parseGatewayUrl,
    pattern: gatewayUrlPattern,
    literal: 'anything',
    words: '`https://` URL',
  },
  consoleUrl: {
    parse: parseConsoleUrl,
    pattern: consoleUrlPattern,
    literal: 'anything',
    words: '`https://` URL',
  },
  issuer: { parse: parseIssuer, pattern: '^https?://', literal: 'anything', words: '`https://` URL' },
  probeRule: { parse: parseProbeRule, pattern: probeRulePattern, literal: 'anything', words: 'probe rule' },
  certificate: { parse: parseCertificate, pattern: 'CERTIFICATE', literal: 'anything', words: 'PEM' },
  privateKey: { parse: parsePrivateKey, pattern: '(?!)', literal: 'reference', words: 'secret, PEM' },
  secret: { parse: parseSecret, pattern: '(?!)', literal: 'reference', words: 'secret' },
  webhook: { parse: parseWebhook, pattern: '(?!)', literal: 'reference', words: 'secret, URL' },
  proxy: { parse: parseProxy, pattern: proxyPattern, literal: 'url', words: '`env`, `none` or a URL' },
  releaseSource: {
    parse: parseReleaseSource,
    pattern: releaseSourcePattern,
    literal: 'anything',
    words: '`gateway`, a URL or a path',
  },
  database: {
    parse: parseDatabaseUrl,
    pattern: databaseUrlPattern,
    literal: 'url',
    words: '`postgresql://` URL',
  },
  timeOfDay: { parse: parseTimeOfDay, pattern: timeOfDayPattern, literal: 'anything', words: 'time of day' },
  date: { parse: parseDate, pattern: datePattern, literal: 'anything', words: 'date' },
  timeZone: { parse: parseTimeZone, pattern: timeZonePattern, literal: 'anything', words: 'time zone' },
} as const satisfies Record<string, FieldKind>;

export type FieldKindName = keyof typeof fieldKinds;
