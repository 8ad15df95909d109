import { ByteReader, DecodeError } from './byte-reader.ts';

/** What is learned from a ClientHello (RFC 8446 section 4.1.2) without answering it. */
export type ClientHello = {
  /** In lower case. With Encrypted Client Hello it is the outer, public name: the inner one cannot be read. */
  readonly serverName: string | undefined;
  readonly protocols: readonly string[];
  /** As two bytes, 0x0304 for TLS 1.3, GREASE (RFC 8701) left out. */
  readonly versions: readonly number[];
  readonly isEncrypted: boolean;
};

const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;

const SERVER_NAME = 0;
const PROTOCOLS = 16;
const SUPPORTED_VERSIONS = 43;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

const HOST_NAME = 0;
/** Letters, digits, hyphen, underscore and dots: what a host name can be made of, whatever a resolver says to it. */
const HOST_NAME_PATTERN = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i;
const MAX_HOST_NAME_LENGTH = 255;

/** Reads the body of a ClientHello, without the header of its message. Throws DecodeError. */
export function parseClientHello(body: Buffer): ClientHello {
  const reader = new ByteReader(body);
  const legacyVersion = reader.uint16();
  reader.bytes(RANDOM_BYTES);
  if (reader.vector(1).left > MAX_SESSION_ID_BYTES) throw new DecodeError('the session id is too long');
  const ciphers = reader.vector(2).left;
  if (ciphers === 0 || ciphers % 2 === 1) throw new DecodeError('the list of cipher suites is not one');
  if (reader.vector(1).left === 0) throw new DecodeError('no compression method is named');
  const extensions = reader.left === 0 ? new Map<number, ByteReader>() : readExtensions(reader);
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
  if (reader.left > 0) throw new DecodeError('something follows the extensions');
  const extensions = new Map<number, ByteReader>();
  while (list.left > 0) {
    const type = list.uint16();
    // Which of the two counts, gateway and target could see differently.
    if (extensions.has(type)) throw new DecodeError(`extension ${type} comes twice`);
    extensions.set(type, list.vector(2));
  }
  return extensions;
}

/** RFC 6066 section 3. */
function readServerName(extension: ByteReader): string {
  const list = extension.vector(2);
  let host: string | undefined;
  while (list.left > 0) {
    const type = list.uint8();
    const name = list.vector(2);
    if (type !== HOST_NAME) continue;
    if (host !== undefined) throw new DecodeError('two host names are asked for');
    host = name.bytes(name.left).toString('latin1');
  }
  if (host === undefined || extension.left > 0) throw new DecodeError('the server name is empty');
  if (host.length > MAX_HOST_NAME_LENGTH || !HOST_NAME_PATTERN.test(host)) {
    throw new DecodeError('the server name is no host name');
  }
  return host.replace(/\.$/, '').toLowerCase();
}

/** RFC 7301 section 3.1. */
function readProtocols(extension: ByteReader): readonly string[] {
  const list = extension.vector(2);
  const protocols: string[] = [];
  while (list.left > 0) {
    const name = list.vector(1);
    if (name.left === 0) throw new DecodeError('the name of a protocol is empty');
    protocols.push(name.bytes(name.left).toString('latin1'));
  }
  if (protocols.length === 0 || extension.left > 0) throw new DecodeError('the list of protocols is not one');
  return protocols;
}

function readVersions(extension: ByteReader): readonly number[] {
  const list = extension.vector(1);
  const versions: number[] = [];
  while (list.left > 0) versions.push(list.uint16());
  return versions.filter((version) => !isGrease(version));
}

/** Values that stand for nothing, sent so that nobody relies on their absence (RFC 8701 section 2). */
const isGrease = (value: number) => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
