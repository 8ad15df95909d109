import { ByteReader, DecodeError } from './byte-reader.ts';

/** The parts of a ClientHello (RFC 8446 section 4.1.2) that the gateway uses without responding to it. */
export type ClientHello = {
  /** In lower case. With Encrypted Client Hello, the outer (public) name: the inner one cannot be read. */
  readonly serverName: string | undefined;
  /** ALPN protocol names. */
  readonly protocols: readonly string[];
  /** In two bytes each, 0x0304 for TLS 1.3. GREASE values (RFC 8701) are omitted. */
  readonly versions: readonly number[];
  /** Whether it has the Encrypted Client Hello extension. */
  readonly isEncrypted: boolean;
};

const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;

const SERVER_NAME = 0;
const PROTOCOLS = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

const HOST_NAME = 0;
/** Labels of letters, digits, hyphens and underscores. Underscores are not allowed in host names but are in use. */
const HOST_NAME_PATTERN = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;
const MAX_HOST_NAME_LENGTH = 255;

/** Parses the body of a ClientHello, without its message header. Throws DecodeError. */
export function parseClientHello(body: Buffer): ClientHello {
  const reader = new ByteReader(body);
  const legacyVersion = reader.uint16();
  reader.bytes(RANDOM_BYTES);
  if (reader.vector(1).remaining > MAX_SESSION_ID_BYTES) throw new DecodeError('the session ID is too long');
  const ciphers = reader.vector(2).remaining;
  if (ciphers === 0 || ciphers % 2 === 1) throw new DecodeError('the list of cipher suites is invalid');
  if (reader.vector(1).remaining === 0) throw new DecodeError('the list of compression methods is empty');
  const extensions = reader.remaining === 0 ? new Map<number, ByteReader>() : readExtensions(reader);
  const names = extensions.get(SERVER_NAME);
  const protocols = extensions.get(PROTOCOLS);
  const versions = extensions.get(SUPPORTED_VERSIONS);
  return {
    serverName: names && readServerName(names),
    protocols: protocols === undefined ? [] : readProtocols(protocols),
    versions: versions === undefined ? [legacyVersion] : readVersions(versions),
    isEncrypted: extensions.has(ENCRYPTED_CLIENT_HELLO),
  };
}

function readExtensions(reader: ByteReader): Map<number, ByteReader> {
  const list = reader.vector(2);
  if (reader.remaining > 0) throw new DecodeError('there are bytes after the extensions');
  const extensions = new Map<number, ByteReader>();
  while (list.remaining > 0) {
    const type = list.uint16();
    // Gateway and target might disagree on which of the two is valid.
    if (extensions.has(type)) throw new DecodeError(`extension ${type} is present twice`);
    extensions.set(type, list.vector(2));
  }
  return extensions;
}

/** RFC 6066 section 3. */
function readServerName(extension: ByteReader): string {
  const list = extension.vector(2);
  let host: string | undefined;
  while (list.remaining > 0) {
    const type = list.uint8();
    const name = list.vector(2);
    if (type !== HOST_NAME) continue;
    if (host !== undefined) throw new DecodeError('the server name extension has two host names');
    host = name.bytes(name.remaining).toString('latin1');
  }
  if (host === undefined || extension.remaining > 0) {
    throw new DecodeError('the server name extension is invalid');
  }
  if (host.length > MAX_HOST_NAME_LENGTH || !HOST_NAME_PATTERN.test(host)) {
    throw new DecodeError('the server name is not a host name');
  }
  return host.replace(/\.$/, '').toLowerCase();
}

/** RFC 7301 section 3.1. */
function readProtocols(extension: ByteReader): readonly string[] {
  const list = extension.vector(2);
  const protocols: string[] = [];
  while (list.remaining > 0) {
    const name = list.vector(1);
    if (name.remaining === 0) throw new DecodeError('an ALPN protocol name is empty');
    protocols.push(name.bytes(name.remaining).toString('latin1'));
  }
  if (protocols.length === 0 || extension.remaining > 0) {
    throw new DecodeError('the list of ALPN protocols is invalid');
  }
  return protocols;
}

function readVersions(extension: ByteReader): readonly number[] {
  const list = extension.vector(1);
  const versions: number[] = [];
  while (list.remaining > 0) versions.push(list.uint16());
  return versions.filter((version) => !isGrease(version));
}

/** Reserved values that clients send to keep servers tolerant of unknown ones (RFC 8701 section 2). */
const isGrease = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
