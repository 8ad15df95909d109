/** Used by every TLS route, so that programs are compared rather than ciphers. */
export const TLS_CIPHER = 'TLS_AES_128_GCM_SHA256';
/** The same algorithm for ssh. */
export const SSH_CIPHER = 'aes128-gcm@openssh.com';
/** Server name in the certificates of the TLS routes. */
export const CERTIFICATE_NAME = 'bench.penstock.test';
