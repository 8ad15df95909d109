import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

const PRELOGIN = 0x12;
const TABULAR_RESULT = 0x04;
const HEADER_BYTES = 8;
/** A PRELOGIN answer has about forty bytes. */
const MAX_ANSWER_BYTES = 4096;
const OPTION_VERSION = 0;
const OPTION_ENCRYPTION = 1;
const TERMINATOR = 0xff;

const encryptions: Readonly<Record<number, string>> = {
  0: 'encrypts the login',
  1: 'encrypts',
  2: 'cannot encrypt',
  3: 'requires encryption',
};

/** PRELOGIN with VERSION and ENCRYPT_OFF (MS-TDS section 2.2.6.5): options first, then their data. */
const PRELOGIN_REQUEST = Buffer.from([
  ...[PRELOGIN, 1, 0, 26, 0, 0, 1, 0],
  ...[OPTION_VERSION, 0, 11, 0, 6, OPTION_ENCRYPTION, 0, 17, 0, 1, TERMINATOR],
  ...[0, 0, 0, 0, 0, 0, 0],
]);

/** Sends PRELOGIN, the first message of every client, and closes. */
export const checkSqlserver: ProtocolCheck = async (exchange) => {
  exchange.send(PRELOGIN_REQUEST);
  return { detail: await exchange.receive(MAX_ANSWER_BYTES, parsePrelogin) };
};

/** Describes a PRELOGIN answer, or returns undefined while it is incomplete. Throws CheckFailure. */
export function parsePrelogin(bytes: Buffer): string | undefined {
  if (bytes[0] !== TABULAR_RESULT) throw notTds();
  if (bytes.length < HEADER_BYTES) return undefined;
  const length = bytes.readUInt16BE(2);
  if (length <= HEADER_BYTES || length > MAX_ANSWER_BYTES) throw notTds();
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(HEADER_BYTES, length);
  const options = optionsOf(body);
  const version = options.get(OPTION_VERSION);
  if (version === undefined || version.length < 6) throw notTds();
  const [encryption = 2] = options.get(OPTION_ENCRYPTION) ?? [];
  const shown = `${version[0]}.${version[1]}.${version.readUInt16BE(2)}`;
  return `SQL Server ${shown}, ${encryptions[encryption] ?? 'encryption unknown'}`;
}

function optionsOf(body: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  for (let at = 0; body[at] !== TERMINATOR; at += 5) {
    const option = body[at];
    if (option === undefined || at + 5 > body.length) throw notTds();
    const offset = body.readUInt16BE(at + 1);
    const end = offset + body.readUInt16BE(at + 3);
    if (end > body.length) throw notTds();
    options.set(option, body.subarray(offset, end));
  }
  return options;
}

const notTds = () => new CheckFailure('protocol', 'The answer to PRELOGIN is not from SQL Server.');
