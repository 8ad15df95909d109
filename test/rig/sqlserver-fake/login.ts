/** Encryption values in the PRELOGIN of clients and servers ([MS-TDS] 2.2.6.5). */
export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

const ENCRYPTION_OPTION = 1;
const TERMINATOR = 0xff;
const OPTION_HEAD = 5;

/** Returns the encryption byte of a client's PRELOGIN. */
export function encryptionWanted(prelogin: Buffer): number {
  for (let at = 0; prelogin.readUInt8(at) !== TERMINATOR; at += OPTION_HEAD) {
    if (prelogin.readUInt8(at) === ENCRYPTION_OPTION)
      return prelogin.readUInt8(prelogin.readUInt16BE(at + 1));
  }
  return encryption.off;
}

/** Encodes a server's PRELOGIN: its version, and whether TLS follows. */
export function preloginAnswer(tls: number): Buffer {
  const version = Buffer.from([16, 0, 0x10, 0x00, 0, 0]);
  const options = [
    [0, version],
    [ENCRYPTION_OPTION, Buffer.from([tls])],
  ] as const;
  const head: number[] = [];
  let offset = options.length * OPTION_HEAD + 1;
  for (const [option, value] of options) {
    head.push(option, offset >> 8, offset & 0xff, 0, value.length);
    offset += value.length;
  }
  return Buffer.concat([Buffer.from([...head, TERMINATOR]), ...options.map(([, value]) => value)]);
}

const USER_AT = 40;
const PASSWORD_AT = 44;
const VERSION_AT = 4;

/** Parses a LOGIN7 ([MS-TDS] 2.2.6.4): user, password, and the requested version of TDS. */
export function readLogin(login7: Buffer): { user: string; password: string; tdsVersion: number } {
  const field = (at: number) => {
    const offset = login7.readUInt16LE(at);
    return Buffer.from(login7.subarray(offset, offset + 2 * login7.readUInt16LE(at + 2)));
  };
  // Obfuscation, not encryption: the halves of every byte are swapped, and the result is XORed with 0xA5.
  const password = field(PASSWORD_AT).map((byte) => {
    const plain = byte ^ 0xa5;
    return ((plain << 4) | (plain >> 4)) & 0xff;
  });
  return {
    user: field(USER_AT).toString('utf16le'),
    password: Buffer.from(password).toString('utf16le'),
    tdsVersion: login7.readUInt32LE(VERSION_AT),
  };
}
