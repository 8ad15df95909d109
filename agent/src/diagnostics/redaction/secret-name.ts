/** Names whose values are always secret. */
const SECRET_NAME =
  /passw|passphrase|^pwd$|(?:^|[_-])(?:pass|pw|auth)$|secret|token|credential|(?:api|access|account|private|signing|encryption)[_-]?key|^key$|webhook|authorization|cookie|^dsn$|connection[_-]?string/i;

export const isSecretName = (name: string) => SECRET_NAME.test(name);

/** Whether a value is only `${env:NAME}` or `${file:/path}`, which locates a secret without revealing it. */
export const isBareReference = (value: unknown) =>
  typeof value === 'string' && /^\$\{(?:env:\w{1,256}|file:[^}\s]{1,1024})\}$/.test(value);
