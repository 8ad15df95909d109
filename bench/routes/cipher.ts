/** The same for every TLS route, so that software is compared and not ciphers. */
export const TLS_CIPHER = 'TLS_AES_128_GCM_SHA256';
/** The same algorithm where ssh is compared. */
export const SSH_CIPHER = 'aes128-gcm@openssh.com';
/** What the certificates of the TLS routes are made for. */
export const CERTIFICATE_NAME = 'bench.penstock.test';
