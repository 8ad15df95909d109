/** A redaction rule. An answer reports the hits of each. */
export type RedactionRule =
  | 'known-secret'
  | 'field-name'
  | 'pem'
  | 'authorization'
  | 'jwt'
  | 'url-credentials'
  | 'connection-string'
  | 'command-argument'
  | 'name-value-pair'
  | 'key-shape'
  | 'penstock-token';

/** The text after one rule. Runs on untrusted text, in a time that grows with its length only. */
export type Redaction = (text: string) => string;
