/** Version of the tunnel protocol, sent in `hello`. Raised only when an older peer could not go on. */
export const PROTOCOL_VERSION = 1;

/** Version of the software, the same for every package of a release. */
export const SOFTWARE_VERSION = '0.1.0';
